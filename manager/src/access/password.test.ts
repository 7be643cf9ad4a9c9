import { expect, test } from 'vitest';
import { hashPassword, passwordMatches } from './password.ts';

test('a password matches its own hash only, in the PHC form with the parameters OWASP asks for', async () => {
  const hash = await hashPassword('correct horse');
  expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  expect(await passwordMatches('correct horse', hash)).toBe(true);
  expect(await passwordMatches('correct hors', hash)).toBe(false);
});

test('the same password gives another hash each time', async () => {
  expect(await hashPassword('same')).not.toBe(await hashPassword('same'));
});

test('the two ways to write an accented letter are the same password', async () => {
  expect(await passwordMatches('caf\u00e9', await hashPassword('cafe\u0301'))).toBe(true);
});

test('the parameters are read from the hash: with others it does not match', async () => {
  const hash = await hashPassword('x');
  expect(await passwordMatches('x', hash.replace('m=19456', 'm=19448'))).toBe(false);
});

test('a damaged hash matches nothing', async () => {
  for (const damaged of ['', 'plain', '$argon2id$v=19$m=1,t=1$a$b']) {
    expect(await passwordMatches('x', damaged)).toBe(false);
  }
});

import { expect, test } from 'vitest';
import { issueCertificate, makeAuthority } from './issue.ts';
import {
  LIFE_MS,
  certificateThatStays,
  planAuthorities,
  renewalOf,
  type Authority,
  type AuthorityRules,
} from './renewal.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 0, 1);
const RULES: AuthorityRules = { revision: 1, overlapMs: DAY };
const made = (at: number, revision = 1): Authority => ({
  revision,
  madeAt: START + at,
  certificate: `certificate of ${at}`,
  key: `key of ${at}`,
});
const [first, second, third] = [made(0), made(100 * DAY, 2), made(100 * DAY + HOUR, 3)];
const planned = (kept: Authority[], at: number, rules = RULES) => {
  const { isMakeDue, trusted, signer, nextAt } = planAuthorities(kept, rules, START + at);
  return { isMakeDue, trusted, signer, next: nextAt - START };
};

test('the first authority is made at once and signs at once', () => {
  expect(planned([], 0)).toMatchObject({ isMakeDue: true, signer: undefined });
  expect(planned([first], 0)).toMatchObject({ isMakeDue: false, trusted: [first], signer: first });
});

test('two thirds of its life it is left alone; then the next one is made', () => {
  const due = (LIFE_MS.authority * 2) / 3;
  expect(planned([first], due - 1)).toMatchObject({ isMakeDue: false, next: due });
  expect(planned([first], due)).toMatchObject({ isMakeDue: true });
  expect(planned([first, made(due)], due)).toMatchObject({ isMakeDue: false, signer: first });
});

test('a larger revision asks for a new one, once; a smaller one for nothing', () => {
  expect(planned([first], DAY, { ...RULES, revision: 2 }).isMakeDue).toBe(true);
  expect(planned([first, second], 100 * DAY, { ...RULES, revision: 2 }).isMakeDue).toBe(false);
  expect(planned([first, second], 100 * DAY, RULES).isMakeDue).toBe(false);
});

test('a new one is trusted at once, signs after the overlap, and the old one goes after one more', () => {
  const at = 100 * DAY;
  const both = [first, second];
  expect(planned(both, at)).toMatchObject({ trusted: both, signer: first, next: at + DAY });
  expect(planned(both, at + DAY - 1)).toMatchObject({ trusted: both, signer: first });
  expect(planned(both, at + DAY)).toMatchObject({ trusted: both, signer: second, next: at + 2 * DAY });
  expect(planned(both, at + 2 * DAY - 1)).toMatchObject({ trusted: both, signer: second });
  expect(planned(both, at + 2 * DAY)).toMatchObject({ trusted: [second], signer: second });
});

test('a third one made before the second signs: each is trusted before it signs and while agents may still meet it', () => {
  const all = [first, second, third];
  for (let at = 100 * DAY + HOUR; at < 104 * DAY; at += HOUR) {
    const { trusted, signer } = planned(all, at);
    expect(trusted).toContain(signer);
    expect(trusted).toContain(third);
    const signedBefore = planned(all, at - DAY + 1).signer;
    if (at - DAY >= 100 * DAY + HOUR) expect(trusted).toContain(signedBefore);
  }
  expect(planned(all, 104 * DAY).trusted).toEqual([third]);
});

test('a certificate stays until two thirds of its life are over', async () => {
  const authority = { ...first, ...(await makeAuthority('one', { now: START, lifeMs: LIFE_MS.authority })) };
  const names = ['nats.corp.local', 'meter-nats', '10.1.2.3', 'fd00::1'];
  const pair = await issueCertificate(authority, names, { now: START, lifeMs: LIFE_MS.certificate });
  const stays = (now: number, wanted = names, by = authority, it = pair): boolean =>
    certificateThatStays(it, { authority: by, names: wanted }, now) !== undefined;
  const certificate = certificateThatStays(pair, { authority, names }, START);
  const due = renewalOf(certificate!);
  // It began an hour before it was made.
  expect(due - START).toBeCloseTo(60 * DAY - HOUR / 3, -4);
  expect([stays(due - 1), stays(due)]).toEqual([true, false]);
  expect(stays(START, names.slice(1))).toBe(false);
  expect(stays(START, [...names, 'another.corp.local'])).toBe(false);
  expect(stays(START, [...names.slice(1), 'another.corp.local'])).toBe(false);
  const other = { ...first, ...(await makeAuthority('one', { now: START, lifeMs: LIFE_MS.authority })) };
  expect(stays(START, names, other)).toBe(false);
  expect(stays(START, names, authority, { ...pair, key: other.key })).toBe(false);
  expect(stays(START, names, authority, { certificate: 'none', key: '' })).toBe(false);
});

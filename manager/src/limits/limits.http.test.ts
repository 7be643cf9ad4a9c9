import { generateNkey } from '@process-meter/contract';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { PASSWORD, testApi, type Answer, type TestApi } from '../testing/api.ts';
import { testDatabase, type TestDatabase } from '../testing/template-db.ts';

let database: TestDatabase;
/** Two Manager processes on one database: each has limits of its own in its memory. */
let managers: TestApi[];
let now = Date.now();
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

beforeAll(async () => {
  database = await testDatabase(inject('postgresUrl'));
  const start = (): Promise<TestApi> => testApi(inject('postgresUrl'), { database, clock: () => now });
  managers = [await start(), await start()];
});
afterAll(async () => {
  for (const manager of managers) await manager.close();
  await database.drop();
});
beforeEach(async () => {
  await database.pool.query('delete from attempt_count');
});

let turn = 0;
/** To one process after the other. */
function post(path: string, body: object, address: string): Promise<Answer> {
  turn += 1;
  return managers[turn % managers.length]!.raw('POST', path, {
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', 'x-forwarded-for': address },
  });
}
const signIn = (over: object, address: string): Promise<Answer> =>
  post('sign-in', { account: 'default', login: 'admin', password: PASSWORD, ...over }, address);
const wrong = { password: 'wrong' };
let addresses = 0;
const elsewhere = (): string => {
  addresses += 1;
  return `198.51.${100 + Math.floor(addresses / 250)}.${(addresses % 250) + 1}`;
};
/** Sets the count of a login's failures without hashing fifty passwords. */
const fail = (n: number): Promise<unknown> =>
  database.pool.query(`update attempt_count set n = $1 where bucket in ('failures', 'failuresAtKnown')`, [n]);

test('an address has its 30 attempts a minute over all processes, and gets new ones afterwards', async () => {
  expect((await signIn({ login: 'nobody' }, '203.0.113.1')).status).toBe(401);
  await database.pool.query(`update attempt_count set n = 28 where bucket = 'signIn'`);
  const statuses: number[] = [];
  for (let i = 0; i < 4; i += 1)
    statuses.push((await signIn({ login: `nobody-${i}` }, '203.0.113.1')).status);
  expect(statuses).toEqual([401, 401, 429, 429]);
  // The right password does not help: nobody learns whether it was right.
  const answer = await signIn({}, '203.0.113.1');
  expect([answer.status, answer.json.code]).toEqual([429, 'PM-4029']);
  expect((await signIn({}, '203.0.113.2')).status).toBe(200);
  now += MINUTE;
  expect((await signIn({}, '203.0.113.1')).status).not.toBe(429);
}, 30_000);

test('a login has its 50 failures an hour over all processes and addresses', async () => {
  expect((await signIn(wrong, elsewhere())).status).toBe(401);
  await fail(48);
  const statuses: number[] = [];
  for (let i = 0; i < 4; i += 1) statuses.push((await signIn(wrong, elsewhere())).status);
  expect(statuses).toEqual([401, 401, 429, 429]);
  expect((await signIn({}, elsewhere())).status).toBe(429);
  // Of another login nothing is known.
  expect((await signIn({ ...wrong, login: 'other' }, elsewhere())).status).toBe(401);
  now += HOUR;
  expect((await signIn({}, elsewhere())).status).toBe(200);
});

test('of many at once, through both processes, no more than the limit get as far as the password', async () => {
  await signIn(wrong, elsewhere());
  await fail(45);
  const answers = await Promise.all(Array.from({ length: 12 }, () => signIn(wrong, elsewhere())));
  const passed = answers.filter((answer) => answer.status === 401);
  expect(passed).toHaveLength(5);
}, 30_000);

test('a success begins the count anew', async () => {
  const address = elsewhere();
  await signIn(wrong, address);
  await fail(49);
  expect((await signIn({}, address)).status).toBe(200);
  expect((await signIn(wrong, elsewhere())).status).toBe(401);
});

test('who guesses from elsewhere does not shut out the person at the usual place, who has a limit too', async () => {
  const usual = elsewhere();
  expect((await signIn({}, usual)).status).toBe(200);
  await signIn(wrong, elsewhere());
  await fail(50);
  expect((await signIn({}, elsewhere())).status).toBe(429);
  expect((await signIn({}, usual)).status).toBe(200);
  await signIn(wrong, usual);
  await fail(50);
  expect((await signIn({}, usual)).status).toBe(429);
});

test('enrolments and renewals are limited over all processes', async () => {
  const address = '203.0.113.5';
  const body = {
    token: 'not-a-token-of-ours',
    publicKey: generateNkey('user').publicKey,
    computer: 'ws-1',
    machine: 'machine-hash',
    user: 'ida',
    desktop: ':1',
    platform: 'linux',
    version: '1',
  };
  const proof = { agent: 'aaaaaaaaaaaa', at: now, signature: 'A'.repeat(86) };
  const both = async (): Promise<unknown[]> => {
    // The other process than the last time.
    turn += 1;
    return [await post('agents/enrol', body, address), await post('agents/renew', proof, address)].map(
      (answer) => answer.json.code,
    );
  };
  expect([await both(), await both()]).toEqual([
    ['PM-4101', 'PM-4103'],
    ['PM-4101', 'PM-4103'],
  ]);
  await database.pool.query(
    `update attempt_count set n = case bucket when 'enrol' then 600 when 'renew' then 1200 end`,
  );
  expect([await both(), await both()]).toEqual([
    ['PM-4029', 'PM-4029'],
    ['PM-4029', 'PM-4029'],
  ]);
});

test('what is over is taken away on the way, and nothing of it can be read', async () => {
  await signIn(wrong, '203.0.113.77');
  const { rows } = await database.pool.query<{ text: string }>('select a::text as text from attempt_count a');
  expect(rows.some(({ text }) => text.includes('203.0.113') || text.includes('admin'))).toBe(false);
  now += 3 * 24 * HOUR;
  await signIn(wrong, '203.0.113.78');
  await signIn(wrong, '203.0.113.78');
  const { rows: left } = await database.pool.query<{ n: string }>(
    'select count(*) as n from attempt_count where since < $1',
    [new Date(now - HOUR)],
  );
  expect(left[0]!.n).toBe('0');
});

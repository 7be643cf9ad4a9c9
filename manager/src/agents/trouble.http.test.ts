import {
  HEADER,
  macHeader,
  presenceSubject,
  type Agent,
  type EnrolResponse,
  type Presence,
} from '@process-meter/contract';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { testApi, type TestApi } from '../testing/api.ts';

let api: TestApi;
/** The Manager's clock. */
let now = Date.now();

beforeAll(async () => {
  api = await testApi(inject('postgresUrl'), { clock: () => now });
});
afterAll(() => api.close());

type Identity = Pick<EnrolResponse, 'agent' | 'macKid' | 'macKey'>;
async function addAgent(name: string): Promise<Identity> {
  const { rows } = await api.database.pool.query<{ id: number }>(
    `insert into agent (external_id, account_id, public_key, computer, machine, user_name, desktop, platform, version)
     values ($1, $2, $1, 'ws-1', 'm', 'ida', ':1', 'linux', '1') returning id`,
    [name, api.account],
  );
  await api.database.pool.query(
    `insert into capability values ($1, $2, now(), 'idle', 'x11', 'proc', 'x11', 'A lasting reason.')`,
    [api.account, rows[0]!.id],
  );
  return { agent: name, ...api.deps.credentials.macKey(name) };
}

function say({ agent, macKid, macKey }: Identity, change: Partial<Presence>): void {
  const presence: Presence = {
    v: 1,
    agent,
    epoch: 1,
    at: now,
    version: '1',
    appliedRevision: 1,
    waiting: 0,
    oldestWaiting: null,
    lastSeq: 1,
    openSessions: 0,
    credentialsExpire: now + 3_600_000,
    phase: 'running',
    ...change,
  };
  const subject = presenceSubject('default', agent);
  const body = Buffer.from(JSON.stringify(presence));
  const input = { subject, epoch: presence.epoch, seq: presence.lastSeq, body };
  const fields = new Map<string, string>([
    [HEADER.mac, macHeader(Buffer.from(macKey, 'base64url'), macKid, input)],
    [HEADER.epoch, String(presence.epoch)],
    [HEADER.seq, String(presence.lastSeq)],
  ]);
  api.presence.hear({ subject, body, header: (name) => fields.get(name) });
}

async function reason({ agent }: Identity): Promise<string> {
  await api.presence.flush();
  const shown: Agent = (await api.call('GET', `agents/${agent}`)).json;
  return shown.capability?.reason ?? '';
}

test('what an agent says is wrong with it is shown as long as it says so', async () => {
  const agent = await addAgent('aaaaaaaaaaaa');
  say(agent, { trouble: 'The disk is full.' });
  expect(await reason(agent)).toBe('The disk is full. A lasting reason.');
  say(agent, {});
  expect(await reason(agent)).toBe('A lasting reason.');
  say(agent, { trouble: 'x'.repeat(400) });
  expect(await reason(agent)).toHaveLength(400);
});

test('two agents with one key are shown, for a day after they were last heard together', async () => {
  const agent = await addAgent('bbbbbbbbbbbb');
  for (const epoch of [1, 2]) {
    say(agent, { epoch });
    now += 30_000;
  }
  expect(await reason(agent)).toBe('A lasting reason.');
  say(agent, { epoch: 1 });
  say(agent, { epoch: 2 });
  expect(await reason(agent)).toMatch(/^Two agents .*key.* A lasting reason\.$/);
  await api.database.pool.query(`update agent set cloned_at = cloned_at - interval '1 day'`);
  say(agent, { epoch: 2 });
  expect(await reason(agent)).toBe('A lasting reason.');
});

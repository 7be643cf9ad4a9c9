import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, headers, type NatsConnection } from '@nats-io/transport-node';
import {
  CAUSE,
  downSubject,
  encodeBatch,
  enrolResponseSchema,
  generateNkey,
  HEADER,
  inboxPrefix,
  macHeader,
  openEnvelope,
  recordSubject,
  SEGMENT_FLAG,
  STATE,
  type AgentRecord,
  type DownMessage,
  type EnrolResponse,
  type OpenSnapshot,
} from '@process-meter/contract';
import { startNats, type LocalNats } from '@process-meter/local';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { readConfig } from './ingest/config.ts';
import { startIngest } from './ingest/ingest.ts';
import { createLog } from './log.ts';
import { createMetrics } from './metrics.ts';
import { initSecrets, natsAuthenticator, readSecrets } from './nats-trust/index.ts';
import { testApi, type TestApi } from './testing/api.ts';

const dir = mkdtempSync(join(tmpdir(), 'pm-chain-'));
const MINUTE = 60_000;
let nats: LocalNats;
let api: TestApi;
let ingest: Awaited<ReturnType<typeof startIngest>>;
let agent: EnrolResponse;
let connection: NatsConnection;
const down: DownMessage[] = [];

beforeAll(async () => {
  initSecrets(dir, Date.now());
  nats = await startNats({
    trust: (jwtDir) =>
      readFileSync(join(dir, 'nats-trust.conf'), 'utf8').replace('"./jwt"', JSON.stringify(jwtDir)),
  });
  api = await testApi(inject('postgresUrl'), { nats: { url: nats.url, secrets: readSecrets(dir) } });
  await eventually(() => Promise.resolve(api.deps.hub.connected()));
  ingest = await startIngest({
    config: readConfig({
      PM_DATABASE_URL: api.database.url,
      PM_NATS_URL: nats.url,
      PM_SECRETS_DIR: dir,
      PM_PORT: '0',
      PM_ROLL_EVERY_MS: '100',
    }),
    log: createLog('ingest', 'silent'),
    metrics: createMetrics('ingest'),
    now: Date.now,
  });
  await enrolAndConnect();
});
afterAll(async () => {
  await connection.close();
  await ingest.stop();
  await api.close();
  await nats.stop();
  rmSync(dir, { recursive: true });
});

async function eventually(holds: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 15_000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error('it did not come true in time');
    await new Promise((done) => setTimeout(done, 50));
  }
}

async function enrolAndConnect(): Promise<void> {
  const key = generateNkey('user');
  const { token } = (await api.call('POST', 'enrolment-tokens', {})).json;
  const request = {
    token,
    publicKey: key.publicKey,
    computer: 'ws-1',
    machine: 'machine-hash',
    user: 'ida',
    desktop: ':1',
    platform: 'linux',
    version: '1',
  };
  const answer = await api.raw('POST', 'agents/enrol', {
    body: JSON.stringify(request),
    headers: { 'content-type': 'application/json' },
  });
  agent = enrolResponseSchema.parse(answer.json);
  connection = await connect({
    servers: agent.servers,
    authenticator: natsAuthenticator({ jwt: agent.jwt, seed: key.seed }),
    inboxPrefix: inboxPrefix(agent.agent),
  });
  connection.subscribe(downSubject(agent.account, agent.agent), {
    callback: (_error, message) =>
      void down.push(
        openEnvelope(message.data, { agent: agent.agent, trusted: agent.trusted, now: Date.now() }),
      ),
  });
  await connection.flush();
}

async function send(records: AgentRecord[], open: OpenSnapshot): Promise<void> {
  const subject = recordSubject(agent.account, agent.agent);
  const { body, encoding } = encodeBatch({
    account: agent.account,
    agent: agent.agent,
    epoch: 1,
    sentAt: Date.now(),
    records,
    open,
  });
  const input = { subject, epoch: 1, seq: records[0]?.seq ?? 0, body };
  const fields = headers();
  fields.set(HEADER.mac, macHeader(Buffer.from(agent.macKey, 'base64url'), agent.macKid, input));
  fields.set(HEADER.epoch, '1');
  fields.set(HEADER.seq, String(input.seq));
  fields.set(HEADER.encoding, encoding);
  await connection.request(subject, body, { headers: fields, timeout: 3000 });
}

test('what an enrolled agent sends is committed, confirmed to it, and shown in every report', async () => {
  const added = await api.call('POST', 'applications', { name: 'Draw', rules: [{ executable: 'draw' }] });
  const application = Number(added.json.id);
  const now = Math.floor(Date.now() / 1000) * 1000;
  const started = now - 10 * MINUTE;
  const session = '0000000000000001';
  const document = '0000000000000002';
  const of = { session, document, application };
  await send(
    [
      {
        kind: 'session',
        seq: 1,
        session,
        application,
        user: 'ida',
        computer: 'ws-1',
        desktop: ':1',
        executable: '/usr/bin/draw',
        pid: 42,
        started,
        ended: null,
        endCause: null,
        revision: Number(added.json.revision),
      },
      {
        kind: 'document',
        seq: 2,
        session,
        document,
        name: 'plan.odg',
        path: '',
        source: 'file',
        confidence: 90,
        opened: started,
        closed: null,
        closeCause: null,
      },
      {
        kind: 'segment',
        seq: 3,
        ...of,
        started,
        ended: started + 4 * MINUTE,
        state: STATE.active,
        cause: CAUSE.opened,
        flags: SEGMENT_FLAG.sessionStart,
      },
      { kind: 'coverage', seq: 4, from: started, to: now, cause: CAUSE.cut },
    ],
    {
      rev: 1,
      asOf: now,
      watchedFrom: now,
      documents: [
        {
          ...of,
          state: STATE.inactive,
          cause: CAUSE.noInput,
          flags: 0,
          since: started + 4 * MINUTE,
          held: null,
        },
      ],
    },
  );
  await eventually(() =>
    Promise.resolve(down.some((message) => message.type === 'mark' && message.committed[0]?.[1] === 4)),
  );
  const range = new URLSearchParams({
    from: new Date(now - 30 * MINUTE).toISOString(),
    to: new Date(now + 30 * MINUTE).toISOString(),
  }).toString();
  const wanted = { activeMs: 4 * MINUTE, inactiveMs: 6 * MINUTE, timeoutMs: 0 };

  const summary = (await api.call('GET', `reports/sessions?${range}`)).json;
  expect(summary).toMatchObject({ total: 1, totals: wanted });
  const ref = `${agent.agent}.${session}`;
  expect(summary.sessions[0]).toMatchObject({ session: ref, user: 'ida', state: 'inactive', ended: null });

  const use = (await api.call('GET', `reports/concurrent-use?${range}`)).json;
  expect(use).toMatchObject({ times: wanted, peak: { count: 1, at: started, forMs: 10 * MINUTE } });

  const detail = (await api.call('GET', `reports/sessions/${ref}`)).json;
  expect(detail.settings).toMatchObject({ inactiveAfterMs: 60_000 });
  expect(
    detail.segments.map((segment: { state: string; cause: string }) => [segment.state, segment.cause]),
  ).toEqual([
    ['active', 'opened'],
    ['inactive', 'noInput'],
  ]);

  const { live, completeness } = (await api.call('GET', 'overview')).json;
  expect(live).toMatchObject({ active: 0, inactive: 1, timeout: 0 });
  expect(live.recent[0]).toMatchObject({ session: ref, document: 'plan.odg', state: 'inactive' });
  expect(completeness.share).toBe(1);

  // The roller has been there: the same figures from the roll-up.
  await eventually(async () => {
    const { rows } = await api.database.pool.query('select 1 from dirty_log');
    return rows.length === 0;
  });
  expect((await api.call('GET', `reports/concurrent-use?${range}`)).json.times).toEqual(wanted);
});

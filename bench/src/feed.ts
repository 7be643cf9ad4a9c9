import { headers } from '@nats-io/transport-node';
import {
  batchMessageId,
  CAUSE,
  deriveAgentKey,
  encodeBatch,
  HEADER,
  macHeader,
  recordSubject,
  SEGMENT_FLAG,
  stableId,
  type AgentRecord,
} from '@process-meter/contract';
import type { Servers } from './servers.ts';

export const ACCOUNT = 'default';

export interface FedAgent {
  name: string;
  key: Buffer;
  epoch: number;
  /** Next sequence. */
  seq: number;
  /** Where its next segment begins, ms UTC. */
  at: number;
}

const APPLICATIONS = 300;

/** Enrols agents and applications by SQL: what is measured comes after it. @returns the agents and ids of the applications */
export async function populate(
  servers: Servers,
  count: number,
): Promise<{ agents: FedAgent[]; applications: number[] }> {
  const names = Array.from({ length: count }, (_, i) => agentName(i));
  const { rows } = await servers.pool.query<{ id: number }>(
    `insert into application (account_id, slug, name, rules, inactive_after_ms, timeout_after_ms, count_busy_as_active,
       busy_cpu_share, title_privacy, path_privacy, revision)
     select a.id, 'bench-' || n, 'Bench', '[]', 60000, 900000, false, 0.4, 'keep', 'keep', 1
     from (select id from account limit 1) a, generate_series(1, $1) n returning id`,
    [APPLICATIONS],
  );
  await servers.pool.query(
    `insert into agent (external_id, account_id, public_key, computer, machine, user_name, desktop, platform, version)
     select name, (select id from account limit 1), 'U' || name, name, 'm', 'u', ':1', 'linux', '1'
     from unnest($1::text[]) as name`,
    [names],
  );
  const { kid, key } = servers.master;
  const epoch = Date.now();
  return {
    agents: names.map((name) => ({ name, key: deriveAgentKey(key, kid, name), epoch, seq: 1, at: 0 })),
    applications: rows.map(({ id }) => id),
  };
}

/** 12 characters of the alphabet of agent ids that follow from a number. */
function agentName(n: number): string {
  return n
    .toString(32)
    .padStart(12, '0')
    .replaceAll(/[0189]/g, (digit) => ({ 0: 'w', 1: 'x', 8: 'y', 9: 'z' })[digit] ?? '');
}

export interface Shape {
  /** Records a batch. */
  records: number;
  /** Time a batch covers, ms. */
  spanMs: number;
  application: number;
}

/** The next batch of an agent: sessions of 20 segments that tile its time. */
export function nextRecords(agent: FedAgent, { records, spanMs, application }: Shape): AgentRecord[] {
  const length = Math.round(spanMs / records);
  const made = Array.from({ length: records }, (_, i): AgentRecord => {
    const seq = agent.seq + i;
    const run = Math.floor(seq / 20);
    return {
      kind: 'segment',
      seq,
      session: stableId(agent.name, run, 's'),
      document: stableId(agent.name, run, 'd'),
      application,
      started: agent.at + i * length,
      ended: agent.at + (i + 1) * length,
      state: 1 + (seq % 3),
      cause: CAUSE.input,
      flags: seq % 20 === 0 ? SEGMENT_FLAG.sessionStart : 0,
    };
  });
  agent.seq += records;
  agent.at += spanMs;
  return made;
}

/** Publishes a batch of an agent as the agent itself does. @returns when the stream has synced it */
export async function publishBatch(
  servers: Servers,
  agent: FedAgent,
  records: readonly AgentRecord[],
): Promise<void> {
  const { body, encoding } = encodeBatch({
    account: ACCOUNT,
    agent: agent.name,
    epoch: agent.epoch,
    sentAt: Date.now(),
    records,
    open: null,
  });
  const subject = recordSubject(ACCOUNT, agent.name);
  const seq = records[0]?.seq ?? 0;
  const head = headers();
  head.set(HEADER.mac, macHeader(agent.key, servers.master.kid, { subject, epoch: agent.epoch, seq, body }));
  head.set(HEADER.epoch, String(agent.epoch));
  head.set(HEADER.seq, String(seq));
  head.set(HEADER.encoding, encoding);
  const last = records.at(-1)?.seq ?? 0;
  head.set('Nats-Msg-Id', batchMessageId(agent.name, agent.epoch, { first: seq, last }, 0));
  await servers.connection.request(subject, body, { headers: head, timeout: 30_000 });
}

/** Runs tasks with at most `width` of them under way. */
export async function inParallel<T>(
  items: readonly T[],
  width: number,
  task: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (const item of queue) await task(item);
    }),
  );
}

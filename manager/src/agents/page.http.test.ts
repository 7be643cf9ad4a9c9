import { AGENT_KINDS, type Agent, type AgentList } from '@process-meter/contract';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { testApi, type TestApi } from '../testing/api.ts';
import { addAgent } from '../testing/recorded.ts';
import { agentStatus } from './model.ts';

let api: TestApi;
const NOW = Date.UTC(2026, 10, 20, 8);
const SECOND = 1000;
const DAY = 86_400 * SECOND;
const AGENTS = 60;

const letters = (n: number): string =>
  n.toString(8).padStart(12, 'a').replaceAll('0', 'x').replaceAll('1', 'y');

beforeAll(async () => {
  api = await testApi(inject('postgresUrl'), { clock: () => NOW });
  const { pool } = api.database;
  await pool.query('update account set config_revision = 3 where id = $1', [api.account]);
  const heard = [null, 0, 90 * SECOND, 91 * SECOND, DAY, DAY + 1, 3 * DAY];
  for (let i = 0; i < AGENTS; i += 1) {
    const agent = await addAgent(pool, api.account, letters(i), `WS-${(i * 7) % AGENTS}`);
    const ago = heard[i % heard.length] ?? null;
    await pool.query(
      `update agent set last_seen_at = $2, phase = $3, revoked_at = $4, applied_revision = $5, user_name = $6
       where id = $1`,
      [
        agent,
        ago === null ? null : new Date(NOW - ago),
        ago === null ? 'never' : i % 4 === 0 ? 'leaving' : 'running',
        i % 11 === 0 ? new Date(NOW - DAY) : null,
        [null, 2, 3, 4][i % 4],
        i % 9 === 0 ? 'Ola Nordmann' : 'ida',
      ],
    );
    if (i % 5 === 0) {
      // Only the newest capability counts.
      await pool.query(
        `insert into capability (account_id, agent_id, at, input, "window", documents, desktop, reason)
         values ($1, $2, '2026-11-01', 'none', 'none', 'none', 'x11', ''),
           ($1, $2, '2026-11-02', 'idle', 'x11', $3, 'x11', '')`,
        [api.account, agent, i % 10 === 0 ? 'none' : 'proc'],
      );
    }
    if (i % 13 === 0) {
      await pool.query(
        `insert into record_gap (account_id, agent_id, from_at, to_at, lost, reason)
         values ($1, $2, '2026-11-01', '2026-11-02', 5, 'outboxFull')`,
        [api.account, agent],
      );
    }
  }
});
afterAll(() => api.close());

const list = async (query: string): Promise<AgentList> => (await api.call('GET', `agents?${query}`)).json;
const ids = (page: AgentList): string[] => page.agents.map((agent) => agent.id);

const blind = ({ capability, status }: Agent): boolean =>
  status !== 'revoked' &&
  capability !== null &&
  [capability.input, capability.window, capability.documents].some((can) => can === 'none');

/** What a kind means, on whole agents. */
function isKind(agent: Agent, kind: (typeof AGENT_KINDS)[number]): boolean {
  if (kind === 'all') return agent.status !== 'revoked';
  if (kind === 'blind') return blind(agent);
  if (kind === 'old') return agent.status !== 'revoked' && (agent.appliedRevision ?? 0) < 3;
  if (kind === 'lost') return agent.gaps.length > 0;
  return agent.status === kind;
}

async function everyAgent(): Promise<Agent[]> {
  return [...(await list('limit=500')).agents, ...(await list('kind=revoked&limit=500')).agents];
}

test('each kind has exactly the agents that are of it, and the counts say so', async () => {
  const all = await everyAgent();
  expect(all).toHaveLength(AGENTS);
  for (const kind of AGENT_KINDS) {
    const page = await list(`kind=${kind}&limit=500`);
    const expected = all.filter((agent) => isKind(agent, kind)).map((agent) => agent.id);
    expect(expected.length).toBeGreaterThan(0);
    expect([kind, ...ids(page).toSorted()]).toEqual([kind, ...expected.toSorted()]);
    expect([kind, page.total, page.kinds[kind]]).toEqual([kind, expected.length, expected.length]);
  }
});

test('how an agent stands is the same in SQL as on one agent', async () => {
  const { rows } = await api.database.pool.query<{
    external_id: string;
    revoked_at: Date | null;
    last_seen_at: Date | null;
    phase: 'never' | 'running' | 'leaving';
  }>('select * from agent');
  const expected = rows.map(({ external_id, revoked_at, last_seen_at, phase }) => {
    const heard = {
      revokedAt: revoked_at?.getTime() ?? null,
      lastSeen: last_seen_at?.getTime() ?? null,
      phase,
    };
    return `${external_id} ${agentStatus(heard, NOW)}`;
  });
  const statuses = ['connected', 'away', 'silent', 'revoked', 'neverSeen'];
  const pages = await Promise.all(
    statuses.map(async (status) =>
      ids(await list(`kind=${status}&limit=500`)).map((id) => `${id} ${status}`),
    ),
  );
  expect(pages.flat().toSorted()).toEqual(expected.toSorted());
});

test('pages follow each other without a gap or a repeat, forwards and backwards', async () => {
  const whole = ids(await list('limit=500'));
  const pages: string[][] = [];
  let page = await list('limit=7');
  expect(page.previous).toBeNull();
  pages.push(ids(page));
  while (page.next !== null) {
    page = await list(`limit=7&cursor=${page.next}`);
    pages.push(ids(page));
  }
  expect(pages.flat()).toEqual(whole);
  expect(pages.at(-1)!.length).toBeLessThanOrEqual(7);
  for (const expected of pages.slice(0, -1).toReversed()) {
    page = await list(`limit=7&cursor=${page.previous}`);
    expect(ids(page)).toEqual(expected);
  }
  expect(page.previous).toBeNull();
  expect(page.next).not.toBeNull();
});

test('the most pressing come first, by computer within', async () => {
  const ranks = (await list('limit=500')).agents.map((agent) => {
    if (agent.status === 'connected') return blind(agent) ? 1 : 4;
    return { silent: 0, neverSeen: 2, away: 3, revoked: 5 }[agent.status];
  });
  expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
  expect(new Set(ranks).size).toBeGreaterThan(3);
});

test('a search finds a part of the computer or the user in any case, on its pages only', async () => {
  const found = await list('find=NORDMANN&limit=3');
  expect(found.agents.every((agent) => agent.user === 'Ola Nordmann')).toBe(true);
  expect(found.total).toBeGreaterThan(3);
  const next = await list(`find=NORDMANN&limit=3&cursor=${found.next}`);
  expect(next.agents.every((agent) => agent.user === 'Ola Nordmann')).toBe(true);
  expect((await list('find=ws-7%20')).agents.map((agent) => agent.computer)).toEqual(['WS-7']);
  expect((await list('find=%25')).total).toBe(0);
});

test('a cursor that is none is refused, and so is a limit out of bounds', async () => {
  for (const query of ['cursor=nonsense', 'cursor=WzFd', 'limit=0', 'limit=501', 'kind=other']) {
    const answer = await api.call('GET', `agents?${query}`);
    expect([query, answer.status, answer.json.code]).toEqual([query, 400, 'PM-4000']);
  }
});

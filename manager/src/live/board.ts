import type { LiveNow } from '@process-meter/contract';
import type { Pool } from 'pg';
import { agentStatus } from '../agents/index.ts';
import type { Hub } from '../hub/index.ts';
import type { Log } from '../log.ts';
import type { AgentCredentials } from '../nats-trust/index.ts';
import { liveNow } from './model.ts';
import { accountAgents, openSessions } from './store.ts';
import { peaksOf, readToday, type Today } from './today.ts';

export interface LiveAccount {
  id: number;
  slug: string;
  zone: string;
}

export interface LiveDeps {
  pool: Pool;
  hub: Hub;
  credentials: AgentCredentials;
  clock: () => number;
  log: Log;
}

export interface LiveBoard {
  /** This moment, read anew, with the peaks of the day so far. */
  now(account: LiveAccount, today: Today): Promise<LiveNow>;
  /** Tells `listener` now and whenever something changes, until the returned function is called. */
  watch(account: LiveAccount, listener: (live: LiveNow) => void): () => void;
  stop(): void;
}

interface Watched {
  account: LiveAccount;
  listeners: Set<(live: LiveNow) => void>;
  last: LiveNow | undefined;
  timer: NodeJS.Timeout;
  busy: boolean;
  askedAt: number;
  peaks: Map<number, number>;
  peaksAt: number;
}

const EVERY_MS = 1000;
const ASK_EVERY_MS = 20_000;
const ASK_FOR_MS = 40_000;
const ASK_AT_MOST = 500;
const PEAKS_EVERY_MS = 10_000;

/**
 * One query loop an account, only while somebody watches it, however many do. Agents of a watched account are asked to
 * send changes at once; without a watcher they fall back to their own pace within 40 s.
 */
export function createLiveBoard(deps: LiveDeps): LiveBoard {
  const boards = new Map<number, Watched>();
  return {
    async now(account, today) {
      return (await read(deps, account, peaksOf(today))).live;
    },
    watch(account, listener) {
      const board = boards.get(account.id) ?? open(deps, account);
      boards.set(account.id, board);
      board.listeners.add(listener);
      if (board.last !== undefined) listener(board.last);
      return () => {
        board.listeners.delete(listener);
        if (board.listeners.size > 0) return;
        clearInterval(board.timer);
        boards.delete(account.id);
      };
    },
    stop() {
      for (const board of boards.values()) clearInterval(board.timer);
      boards.clear();
    },
  };
}

function open(deps: LiveDeps, account: LiveAccount): Watched {
  const board: Watched = {
    account,
    listeners: new Set(),
    last: undefined,
    timer: setInterval(() => void tick(deps, board), EVERY_MS),
    busy: false,
    askedAt: -Infinity,
    peaks: new Map(),
    peaksAt: -Infinity,
  };
  void tick(deps, board);
  return board;
}

async function tick(deps: LiveDeps, board: Watched): Promise<void> {
  // A slow database is asked again when it has answered, not meanwhile.
  if (board.busy) return;
  board.busy = true;
  try {
    await refresh(deps, board);
  } catch (error) {
    deps.log.warn({ err: error }, 'the live view could not be read');
  } finally {
    board.busy = false;
  }
}

async function refresh(deps: LiveDeps, board: Watched): Promise<void> {
  const now = deps.clock();
  if (now - board.peaksAt >= PEAKS_EVERY_MS) {
    board.peaks = peaksOf(
      await readToday(deps.pool, { account: board.account.id, zone: board.account.zone, now }),
    );
    board.peaksAt = now;
  }
  const { live, connected } = await read(deps, board.account, board.peaks);
  if (now - board.askedAt >= ASK_EVERY_MS) {
    askForNews(deps, board.account, connected.slice(0, ASK_AT_MOST));
    board.askedAt = now;
  }
  const { at: _at, ...content } = live;
  const { at: _lastAt, ...lastContent } = board.last ?? { at: 0 };
  if (JSON.stringify(content) === JSON.stringify(lastContent)) return;
  board.last = live;
  for (const listener of board.listeners) listener(live);
}

async function read(
  { pool, clock }: LiveDeps,
  account: LiveAccount,
  peaks: ReadonlyMap<number, number>,
): Promise<{ live: LiveNow; connected: string[] }> {
  const now = clock();
  const sessions = await openSessions(pool, account.id, now);
  const { agents, wantedRevision } = await accountAgents(pool, account.id);
  const connected = agents.filter((agent) => agentStatus(agent, now) === 'connected').map(({ id }) => id);
  return { live: liveNow({ now, sessions, agents, wantedRevision, peaks }), connected };
}

function askForNews({ hub, credentials, clock }: LiveDeps, account: LiveAccount, agents: string[]): void {
  const issuedAt = clock();
  const until = issuedAt + ASK_FOR_MS;
  for (const agent of agents) {
    const message = { type: 'watch' as const, to: agent, issuedAt, expiresAt: until, until };
    hub.sendDown(account.slug, agent, credentials.signer.seal(message));
  }
}

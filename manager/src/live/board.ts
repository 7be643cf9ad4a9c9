import type { LiveNow } from '@process-meter/contract';
import type { Pool } from 'pg';
import type { Hub } from '../hub/index.ts';
import type { Log } from '../log.ts';
import type { AgentCredentials } from '../nats-trust/index.ts';
import { liveNow } from './model.ts';
import { restAfter } from '../rest.ts';
import { connectedAgents, readMoment } from './store.ts';
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
  over: AbortController;
  askAt: number;
  peaks: Map<number, number>;
  /** When they are read again; never while they are being read. */
  peaksAt: number;
}

/** The moment is read again after this; where reading takes long, after more (portal.md §10). */
const MOMENT_REST = { least: 1000, most: 5000 };
const PEAKS_REST = { least: 10_000, most: 300_000 };
/** What is open now does not wait longer than this for the peaks of the day. */
const PEAKS_WAIT_MS = 500;
const ASK_EVERY_MS = 20_000;
const ASK_FOR_MS = 40_000;
const ASK_AT_MOST = 500;

/**
 * One query loop an account, only while somebody watches it, however many do. Agents of a watched account are asked to
 * send changes at once; without a watcher they fall back to their own pace within 40 s.
 */
export function createLiveBoard(deps: LiveDeps): LiveBoard {
  const boards = new Map<number, Watched>();
  return {
    async now(account, today) {
      const now = deps.clock();
      return liveNow(now, await readMoment(deps.pool, account.id, now), peaksOf(today));
    },
    watch(account, listener) {
      const board = boards.get(account.id) ?? open(deps, account);
      boards.set(account.id, board);
      board.listeners.add(listener);
      if (board.last !== undefined) listener(board.last);
      return () => {
        board.listeners.delete(listener);
        if (board.listeners.size > 0) return;
        board.over.abort();
        if (boards.get(account.id) === board) boards.delete(account.id);
      };
    },
    stop() {
      for (const board of boards.values()) board.over.abort();
      boards.clear();
    },
  };
}

function open(deps: LiveDeps, account: LiveAccount): Watched {
  const board: Watched = {
    account,
    listeners: new Set(),
    last: undefined,
    over: new AbortController(),
    askAt: -Infinity,
    peaks: new Map(),
    peaksAt: -Infinity,
  };
  void loop(deps, board);
  return board;
}

/** A slow database is asked again when it has answered, not meanwhile. */
async function loop(deps: LiveDeps, board: Watched): Promise<void> {
  const { signal } = board.over;
  while (!signal.aborted) {
    const began = performance.now();
    try {
      await refresh(deps, board);
    } catch (error) {
      deps.log.warn({ err: error }, 'the live view could not be read');
    }
    await rest(restAfter(performance.now() - began, MOMENT_REST), signal);
  }
}

function rest(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    timer.unref();
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

async function refresh(deps: LiveDeps, board: Watched): Promise<void> {
  const now = deps.clock();
  await Promise.race([refreshPeaks(deps, board, now), rest(PEAKS_WAIT_MS, board.over.signal)]);
  if (now >= board.askAt) {
    board.askAt = now + ASK_EVERY_MS;
    await askForNews(deps, board.account, now);
  }
  const live = liveNow(now, await readMoment(deps.pool, board.account.id, now), board.peaks);
  const { at: _at, ...content } = live;
  const { at: _lastAt, ...lastContent } = board.last ?? { at: 0 };
  if (JSON.stringify(content) === JSON.stringify(lastContent)) return;
  board.last = live;
  for (const listener of board.listeners) listener(live);
}

async function refreshPeaks({ pool, clock, log }: LiveDeps, board: Watched, now: number): Promise<void> {
  if (now < board.peaksAt) return;
  board.peaksAt = Infinity;
  const began = performance.now();
  try {
    const { id, zone } = board.account;
    board.peaks = peaksOf(await readToday(pool, { account: id, zone, now }));
  } catch (error) {
    log.warn({ err: error }, 'the peaks of the day could not be read');
  }
  board.peaksAt = clock() + restAfter(performance.now() - began, PEAKS_REST);
}

async function askForNews(
  { pool, hub, credentials }: LiveDeps,
  account: LiveAccount,
  now: number,
): Promise<void> {
  const until = now + ASK_FOR_MS;
  for (const agent of await connectedAgents(pool, account.id, { now, limit: ASK_AT_MOST })) {
    const message = { type: 'watch' as const, to: agent, issuedAt: now, expiresAt: until, until };
    hub.sendDown(account.slug, agent, credentials.signer.seal(message));
  }
}

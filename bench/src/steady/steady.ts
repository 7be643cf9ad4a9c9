import { STREAM_RECORDS } from '@process-meter/contract';
import { nextRecords, populate, publishBatch } from '../feed.ts';
import type { BenchOptions } from '../options.ts';
import { processorTimeOf } from '../processor-time.ts';
import { startServers, type Servers } from '../servers.ts';
import { round, spreadText, table } from '../stats.ts';

const MESSAGES_A_SECOND = 2000;
const RECORDS = 5;
const TICK_MS = 20;

/**
 * 100,000 agents that send a batch of five records every 50 seconds: 2,000 messages a second, each synced by the stream,
 * committed, and rolled up at the pace of the running quarter. Counted is what the three servers use; the program that
 * sends is bounded and not counted.
 */
export async function benchSteady({ quick, say }: BenchOptions): Promise<void> {
  const agentCount = quick ? 10_000 : 100_000;
  const repetitions = quick ? 1 : 3;
  const seconds = quick ? 5 : 20;
  const servers = await startServers();
  try {
    const load = await makeLoad(servers, agentCount);
    const ingest = await servers.startIngest();
    // Once around: what is worked out at the first batch of an agent, such as its key, is no part of the steady state.
    await load.drive(load.roundMs / 1000);
    const pids = { NATS: servers.nats.pid, ingest: ingest.process.pid, PostgreSQL: servers.postgres.pid };
    const shares: Record<string, number[]> = { NATS: [], ingest: [], PostgreSQL: [], 'all three': [] };
    const rates: number[] = [];
    for (let i = 0; i < repetitions; i += 1) {
      const before = load.sent();
      const run = await processorTimeOf(pids, () => load.drive(seconds));
      rates.push((load.sent() - before) / run.seconds);
      for (const [name, used] of Object.entries(run.used)) shares[name]?.push(used / run.seconds);
      shares['all three']?.push(Object.values(run.used).reduce((sum, one) => sum + one, 0) / run.seconds);
    }
    say(
      `\n${agentCount.toLocaleString('en')} agents, ${spreadText(rates, (rate) => round(rate, 0))} messages/s of ` +
        `${RECORDS} records, ${repetitions} × ${seconds} s; ticks the sender was late: ${load.late()}. min / median / max`,
    );
    const rows = Object.entries(shares).map(([name, all]) => [
      name,
      spreadText(all, (share) => round(share, 2)),
    ]);
    say(table(['', 'cores'], rows));
    const { bytes, messages } = (await servers.streams.streams.info(STREAM_RECORDS)).state;
    say(`a message takes ${round(bytes / messages, 0)} B of the stream`);
    await ingest.process.stop();
  } finally {
    await servers.stop();
  }
}

interface Load {
  /** Until each agent has sent once, which is what a batch covers, ms. */
  roundMs: number;
  /** Sends at an even rate for some seconds, whatever the answers take. */
  drive(seconds: number): Promise<void>;
  sent(): number;
  late(): number;
}

async function makeLoad(servers: Servers, agentCount: number): Promise<Load> {
  const { agents, applications } = await populate(servers, agentCount);
  const roundMs = (agentCount / MESSAGES_A_SECOND) * 1000;
  // Each tells of the time up to its turn: older records would be rolled up as late ones are.
  const begins = Date.now() - roundMs;
  for (const [i, agent] of agents.entries()) agent.at = begins + Math.floor((i / MESSAGES_A_SECOND) * 1000);
  let next = 0;
  let late = 0;
  const sendOne = async (): Promise<void> => {
    next += 1;
    const agent = agents[next % agentCount];
    if (agent === undefined) return;
    const application = applications[next % applications.length] ?? 0;
    const shape = { records: RECORDS, spanMs: roundMs, application };
    await publishBatch(servers, agent, nextRecords(agent, shape));
  };
  return {
    roundMs,
    async drive(seconds) {
      const began = performance.now();
      const flying = new Set<Promise<void>>();
      for (let tick = 1; tick <= (seconds * 1000) / TICK_MS; tick += 1) {
        for (let i = 0; i < (MESSAGES_A_SECOND * TICK_MS) / 1000; i += 1) {
          const one: Promise<void> = sendOne().finally(() => flying.delete(one));
          flying.add(one);
        }
        const wait = began + tick * TICK_MS - performance.now();
        if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
        else late += 1;
      }
      await Promise.all(flying);
    },
    sent: () => next,
    late: () => late,
  };
}

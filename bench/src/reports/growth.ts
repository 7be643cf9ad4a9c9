import { generate, type MadeData } from '../generate/generate.ts';
import type { DataSize } from '../generate/size.ts';
import type { BenchOptions } from '../options.ts';
import { startServers, type Servers } from '../servers.ts';
import { quantile, table } from '../stats.ts';
import { signIn } from './client.ts';
import { figure, measure } from './measure.ts';
import type { Question } from './question.ts';
import { bytesOf, totalBytes } from './sizes.ts';
import { concurrentUseQuestions } from './concurrent-use-questions.ts';
import { sessionQuestions } from './session-questions.ts';
import { subjectOf } from './subject.ts';

const SIZES: readonly DataSize[] = [
  { segments: 300_000, applications: 100, days: 30 },
  { segments: 1_000_000, applications: 100, days: 30 },
  { segments: 3_000_000, applications: 100, days: 30 },
  { segments: 1_000_000, applications: 1, days: 30 },
  { segments: 1_000_000, applications: 10, days: 30 },
  { segments: 1_000_000, applications: 100, days: 7 },
  { segments: 1_000_000, applications: 100, days: 90 },
];
/** Beginnings of the names of the questions that are asked at each size. */
const ASKED = [
  'Concurrent Use, 1 min × 2 days, largest',
  'Concurrent Use, daily',
  'Session Summary, 7 days, one user',
];

/** What is stored and what reports cost, as segments, applications and days grow one at a time. */
export async function benchGrowth({ quick, say }: BenchOptions): Promise<void> {
  const sizes = SIZES.map((size) => (quick ? { ...size, segments: size.segments / 10 } : size));
  const rows: string[][] = [];
  for (const size of sizes) rows.push(await measureSize(size));
  say(table([...HEAD, ...ASKED.map((name) => `${name}, p50 ms`)], rows));
}

const HEAD = [
  'segments',
  'applications',
  'days',
  'roll-up s',
  'µs a segment',
  'quarters',
  'MB',
  'B a segment in all',
];

/** Each size has servers of its own: what an earlier one left would be measured with it. */
async function measureSize(size: DataSize): Promise<string[]> {
  const servers = await startServers();
  try {
    const data = await generate(servers.pool, size, Date.now());
    const bytes = totalBytes(await bytesOf(servers.pool));
    const { rollup } = data.seconds;
    return [
      String(data.segments),
      String(size.applications),
      String(size.days),
      rollup.toFixed(1),
      ((rollup * 1e6) / data.segments).toFixed(1),
      String(data.quarters),
      (bytes / 1e6).toFixed(0),
      (bytes / data.segments).toFixed(0),
      ...(await reportTimes(servers, data)),
    ];
  } finally {
    await servers.stop();
  }
}

async function reportTimes(servers: Servers, data: MadeData): Promise<string[]> {
  const manager = await servers.startManager();
  try {
    const ask = await signIn(servers.dir, manager.url);
    const subject = await subjectOf(servers.pool, data);
    const known = [...(await concurrentUseQuestions(subject)), ...(await sessionQuestions(subject))];
    const times: string[] = [];
    for (const question of ASKED.flatMap((name) => firstOf(known, name))) {
      // Whether the answers are those of the segments is checked by the benchmark of reports.
      const { name, path, aim } = question;
      times.push(
        figure(quantile((await measure({ ask, pool: servers.pool }, { name, path, aim })).api, 0.5)),
      );
    }
    return times;
  } finally {
    await manager.process.stop();
  }
}

const firstOf = (questions: readonly Question[], begins: string): Question[] =>
  questions.filter(({ name }) => name.startsWith(begins)).slice(0, 1);

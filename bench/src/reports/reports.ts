import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchOptions } from '../options.ts';
import { openNow } from '../generate/open-now.ts';
import { generate, type MadeData } from '../generate/generate.ts';
import { startServers, type Servers } from '../servers.ts';
import { table } from '../stats.ts';
import { signIn } from './client.ts';
import { concurrentUseQuestions } from './concurrent-use-questions.ts';
import { HEAD, measure, rowOf } from './measure.ts';
import { bytesOf, sizeTable } from './sizes.ts';
import { sessionQuestions } from './session-questions.ts';
import { subjectOf } from './subject.ts';

const MILLION = 1_000_000;
/** Bytes of the Manager's log that are shown when it fails. */
const LOG_SHOWN = 4000;

/** Reports over HTTP beside the same answers by SQL over the segments. */
export async function benchReports(options: BenchOptions): Promise<void> {
  const { quick, say } = options;
  const segments = quick ? MILLION : process.env['PM_BENCH_LARGE'] === '1' ? 50 * MILLION : 10 * MILLION;
  const servers = await startServers();
  try {
    const data = await generate(servers.pool, { segments, applications: 300, days: 90 }, Date.now());
    await openNow(servers.pool, data.account, Date.now());
    await sayData(servers, data, say);
    await compare(servers, data, say);
  } finally {
    await servers.stop();
  }
}

export async function sayData({ pool }: Servers, data: MadeData, say: BenchOptions['say']): Promise<void> {
  const million = (count: number): string => (count / MILLION).toFixed(2);
  say(
    `${million(data.segments)} M segments of ${million(data.sessions)} M sessions of ${data.users} users and ` +
      `${data.applications.length} applications over ${Math.round((data.to - data.from) / 86_400_000)} days`,
  );
  const { load, index, rollup } = data.seconds;
  say(
    `made and copied in ${load.toFixed(0)} s, indexed in ${index.toFixed(0)} s, rolled up in ${rollup.toFixed(0)} s ` +
      `(${((rollup * 1e6) / data.segments).toFixed(1)} µs a segment, ${((rollup * 1e6) / data.quarters).toFixed(0)} µs ` +
      `for each of ${data.quarters} quarters)\n`,
  );
  say(sizeTable(await bytesOf(pool)));
  say('');
}

async function compare(servers: Servers, data: MadeData, say: BenchOptions['say']): Promise<void> {
  const manager = await servers.startManager();
  try {
    const ask = await signIn(servers.dir, manager.url);
    const subject = await subjectOf(servers.pool, data);
    const questions = [...(await concurrentUseQuestions(subject)), ...(await sessionQuestions(subject))];
    const rows: string[][] = [];
    for (const question of questions) rows.push(rowOf(await measure({ ask, pool: servers.pool }, question)));
    say(table(HEAD, rows));
  } catch (error) {
    say(readFileSync(join(servers.dir, 'services.log'), 'utf8').slice(-LOG_SHOWN));
    throw error;
  } finally {
    await manager.process.stop();
  }
}

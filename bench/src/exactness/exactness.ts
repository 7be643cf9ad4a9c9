import type { Pool } from 'pg';
import type { BenchOptions } from '../options.ts';
import { generate, type MadeData } from '../generate/generate.ts';
import { startServers } from '../servers.ts';
import { quantile, table } from '../stats.ts';
import { exactPeaks, HOUR, sampledPeaks, unseen, type Life } from './samples.ts';

const MINUTE = 60_000;
const LOOKS = [5 * MINUTE, 10 * MINUTE];
const SHORT = 5 * MINUTE;
/** Applications by the most that were ever open at once. */
const SIZES = [
  { name: '1 to 4', upTo: 4 },
  { name: '5 to 19', upTo: 19 },
  { name: '20 to 99', upTo: 99 },
  { name: '100 and more', upTo: Infinity },
] as const;

/** The exact peak of each hour beside what a program that looks every few minutes would have reported. */
export async function benchExactness({ quick, say }: BenchOptions): Promise<void> {
  const servers = await startServers();
  try {
    const size = { segments: quick ? 1_000_000 : 10_000_000, applications: 300, days: 90 };
    await compareExactness(servers.pool, await generate(servers.pool, size, Date.now()), say);
  } finally {
    await servers.stop();
  }
}

/** @throws when the product's peaks are not those counted here from the sessions alone */
export async function compareExactness(pool: Pool, data: MadeData, say: BenchOptions['say']): Promise<void> {
  const hours = new HourCounts();
  const lives = await livesOf(pool, data);
  for (const { id } of data.applications) {
    const own = lives.get(id) ?? [];
    const exact = exactPeaks(own, data);
    checkProduct(id, exact, await productPeaks(pool, id, data));
    for (const every of LOOKS) hours.add(every, exact, sampledPeaks(own, data, every));
  }
  say(table(HEAD, hours.rows()));
  say('');
  const all = [...lives.values()].flat();
  const short = all.filter(({ started, ended }) => ended - started < SHORT);
  const percent = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(1)} %`;
  say(
    table(
      ['looks every', 'sessions', 'never seen', `shorter than 5 min`, 'of these never seen'],
      LOOKS.map((every) => [
        `${every / MINUTE} min`,
        String(all.length),
        percent(unseen(all, data, every), all.length),
        percent(short.length, all.length),
        percent(unseen(short, data, every), short.length),
      ]),
    ),
  );
}

const HEAD = [
  'looks every',
  'peak of the application',
  'hours with use',
  'hours wrong',
  'mean missed',
  'p95 missed',
  'worst missed',
  'highest hour of all 90 days: mean missed',
];

interface Group {
  hours: number;
  wrong: number;
  /** By hour: instances, and share of the exact peak. */
  missed: number[];
  shares: number[];
  /** By application: share of its highest peak. */
  highest: number[];
}

class HourCounts {
  readonly #groups = new Map<string, Group>();

  add(every: number, exact: Int32Array, sampled: Int32Array): void {
    const highest = exact.reduce((most, peak) => Math.max(most, peak), 0);
    const size = SIZES.find(({ upTo }) => highest <= upTo)?.name ?? '';
    if (highest === 0) return;
    const group = this.#group(`${every / MINUTE} min|${size}`);
    group.highest.push(1 - sampled.reduce((most, peak) => Math.max(most, peak), 0) / highest);
    exact.forEach((peak, hour) => {
      if (peak === 0) return;
      const missed = peak - (sampled[hour] ?? 0);
      group.hours += 1;
      group.wrong += missed > 0 ? 1 : 0;
      group.missed.push(missed);
      group.shares.push(missed / peak);
    });
  }

  #group(key: string): Group {
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    const made = { hours: 0, wrong: 0, missed: [], shares: [], highest: [] };
    this.#groups.set(key, made);
    return made;
  }

  rows(): string[][] {
    return LOOKS.flatMap((every) =>
      SIZES.flatMap(({ name }) => {
        const group = this.#groups.get(`${every / MINUTE} min|${name}`);
        return group === undefined ? [] : [[`${every / MINUTE} min`, name, ...cellsOf(group)]];
      }),
    );
  }
}

function cellsOf({ hours, wrong, missed, shares, highest }: Group): string[] {
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const both = (instances: number, share: number): string =>
    `${instances.toFixed(1)} (${(share * 100).toFixed(1)} %)`;
  const sorted = (values: readonly number[]): number[] => values.toSorted((a, b) => a - b);
  const worst = (values: readonly number[]): number =>
    values.reduce((most, value) => Math.max(most, value), 0);
  return [
    String(hours),
    `${((100 * wrong) / hours).toFixed(0)} %`,
    both(mean(missed), mean(shares)),
    both(quantile(sorted(missed), 0.95), quantile(sorted(shares), 0.95)),
    both(worst(missed), worst(shares)),
    `${(100 * mean(highest)).toFixed(1)} %`,
  ];
}

async function livesOf(pool: Pool, { account, from, to }: MadeData): Promise<Map<number, Life[]>> {
  const { rows } = await pool.query<{ application: number; started: number; ended: number }>(
    `select application_id as application, (extract(epoch from started) * 1000)::float8 as started,
       (extract(epoch from ended) * 1000)::float8 as ended
     from session where account_id = $1 and started < $3 and ended > $2`,
    [account, new Date(from), new Date(to)],
  );
  return Map.groupBy(rows, ({ application }) => application);
}

/** The peaks of the hours as the roll-up has them. */
async function productPeaks(
  pool: Pool,
  application: number,
  { account, from, to }: MadeData,
): Promise<Int32Array> {
  const { rows } = await pool.query<{ hour: number; peak: number }>(
    `select floor(extract(epoch from q - $3) / 3600)::int as hour, max(peak_open) as peak from rollup_quarter
     where account_id = $1 and application_id = $2 and q >= $3 and q < $4 group by 1`,
    [account, application, new Date(from), new Date(to)],
  );
  const peaks = new Int32Array((to - from) / HOUR);
  for (const { hour, peak } of rows) peaks[hour] = peak;
  return peaks;
}

function checkProduct(application: number, exact: Int32Array, product: Int32Array): void {
  exact.forEach((peak, hour) => {
    if (peak !== product[hour])
      throw new Error(
        `application ${application}, hour ${hour}: ${product[hour]} in the roll-up, ${peak} by its sessions`,
      );
  });
}

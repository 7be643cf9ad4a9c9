import { parseArgs } from 'node:util';
import { benchAgent } from './agent/agent.ts';
import { benchConnect } from './connect/connect.ts';
import { benchExactness } from './exactness/exactness.ts';
import { benchIngest } from './ingest/ingest.ts';
import { benchOperator } from './operator/operator.ts';
import type { BenchOptions } from './options.ts';
import { benchGrowth } from './reports/growth.ts';
import { benchReports } from './reports/reports.ts';
import { benchSteady } from './steady/steady.ts';

const BENCHES: Record<string, { about: string; run: (options: BenchOptions) => Promise<void> }> = {
  ingest: {
    about: 'records from the stream into the database, beside psql \\copy of the same rows',
    run: benchIngest,
  },
  steady: { about: 'processor time of 100,000 agents in their steady state', run: benchSteady },
  agent: { about: 'what the agent takes from a desktop, beside a bare listener for input', run: benchAgent },
  connect: { about: 'agents that all connect at once, over TLS', run: benchConnect },
  reports: { about: 'reports over millions of segments, beside SQL over the segments', run: benchReports },
  exactness: { about: 'the true peaks beside what sampling would have seen', run: benchExactness },
  operator: {
    about: 'thousands of licensing resources brought to the Manager, beside a bare loop of the same calls',
    run: benchOperator,
  },
  growth: { about: 'what is stored, and what reports cost, at several sizes', run: benchGrowth },
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const unknown = positionals.filter((name) => BENCHES[name] === undefined);

if (values.help || unknown.length > 0) {
  for (const name of unknown) say(`there is no benchmark "${name}"`);
  say('usage: npm run bench [-- [names] [--quick]]\n');
  for (const [name, { about }] of Object.entries(BENCHES)) say(`  ${name.padEnd(10)} ${about}`);
  process.exit(unknown.length > 0 ? 2 : 0);
}
for (const [name, { about, run }] of Object.entries(BENCHES)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  say(`\n== ${name}: ${about}`);
  const began = performance.now();
  await run({ quick: values.quick, say });
  say(`   ${name} took ${Math.round((performance.now() - began) / 1000)} s`);
}

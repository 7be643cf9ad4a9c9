import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { z } from 'zod';
import { runCommand } from '../command.ts';
import { lives, signal } from '../processes.ts';
import { findLabs, type FoundLab } from '../run-folder.ts';
import { until } from '../wait.ts';
import { remains, tracesOf, type Traces } from './traces.ts';

export const CLI = join(import.meta.dirname, '..', 'cli.ts');
const STARTER = join(import.meta.dirname, 'starter.ts');

const told = z.object({
  folder: z.string(),
  url: z.string(),
  pids: z.record(z.string(), z.number()),
  adminKubeconfig: z.string(),
});

/** A lab that another process has started, which can be killed. */
export interface LabElsewhere {
  starter: ChildProcess;
  traces: Traces;
  found: FoundLab;
  adminKubeconfig: string;
}

/** @param args of `starter.ts` */
export async function startElsewhere(...args: string[]): Promise<LabElsewhere> {
  const starter = spawn(process.execPath, [STARTER, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const line = await new Promise<string>((resolve, reject) => {
    starter.once('exit', (code) => reject(new Error(`the starter ended (exit ${code})`)));
    starter.stdout.setEncoding('utf8').once('data', resolve);
  });
  const { adminKubeconfig, ...lab } = told.parse(JSON.parse(line));
  const traces = tracesOf(lab);
  const found = findLabs().find(({ folder }) => folder === traces.folder);
  if (found === undefined) throw new Error(`the lab in ${traces.folder} is not found`);
  return { starter, traces, found, adminKubeconfig };
}

/** Kills starter and keeper, so that nobody is left who could tidy up, and then tidies up as a person does. */
export async function killAndClean({ starter, found }: LabElsewhere): Promise<void> {
  signal(found.state!.keeper.pid, 'SIGKILL');
  starter.kill('SIGKILL');
  await until('the death of both', () => !lives(found.state!.starter) && !lives(found.state!.keeper));
  await runCommand(process.execPath, [CLI, 'clean']);
}

/** @returns what is still there when nothing more goes */
export async function leftOf(traces: Traces): Promise<string[]> {
  await until('a lab that leaves nothing', () => remains(traces).length === 0).catch(() => undefined);
  return remains(traces);
}

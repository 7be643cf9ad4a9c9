import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { runCommand } from './command.ts';
import type { Lab, LabOptions } from './lab.ts';
import { childrenOf, lives, signal } from './processes.ts';
import { findLabs, type FoundLab } from './run-folder.ts';
import { startTestLab } from './testing/test-lab.ts';
import { remains, tracesOf, type Traces } from './testing/traces.ts';
import { until } from './wait.ts';

const CLI = join(import.meta.dirname, 'cli.ts');
const STARTER = join(import.meta.dirname, 'testing', 'starter.ts');

const open: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((close) => close()));
});

async function start(options: LabOptions): Promise<Lab> {
  const lab = await startTestLab(options);
  open.push(() => lab.stop());
  return lab;
}

/** @returns what is still there when nothing more goes */
async function leftOf(traces: Traces): Promise<string[]> {
  await until('a lab that leaves nothing', () => remains(traces).length === 0).catch(() => undefined);
  return remains(traces);
}

const told = z.object({
  folder: z.string(),
  url: z.string(),
  pids: z.record(z.string(), z.number()),
});

/** A lab that another process has started. */
async function startElsewhere(
  isolation: string,
): Promise<{ starter: ChildProcess; traces: Traces; found: FoundLab }> {
  const starter = spawn(process.execPath, [STARTER, isolation], { stdio: ['ignore', 'pipe', 'inherit'] });
  open.push(async () => void starter.kill('SIGKILL'));
  const line = await new Promise<string>((resolve, reject) => {
    starter.once('exit', (code) => reject(new Error(`the starter ended (exit ${code})`)));
    starter.stdout.setEncoding('utf8').once('data', resolve);
  });
  const traces = tracesOf(told.parse(JSON.parse(line)));
  const found = findLabs().find(({ folder }) => folder === traces.folder);
  if (found === undefined) throw new Error(`the lab in ${traces.folder} is not found`);
  return { starter, traces, found };
}

test('two labs run side by side, know nothing of each other, and one ends alone', async () => {
  const [one, other] = await Promise.all([
    start({ isolation: 'auto' }),
    start({ isolation: 'plain', audit: { leases: true } }),
  ]);
  await one.kubectl(['create', 'configmap', 'mine']);
  await expect(other.kubectl(['get', 'configmap', 'mine'])).rejects.toThrow('NotFound');
  const traces = tracesOf(one);
  await one.stop();
  expect(remains(traces)).toEqual([]);
  await other.kubectl(['get', 'namespace', 'default']);
});

test('the audit log has the leases when they are asked for', async () => {
  const lab = await start({ audit: { leases: true } });
  await lab.kubectl(['create', '-f', '-'], {
    stdin: JSON.stringify({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'leader', namespace: 'default' },
    }),
  });
  expect(await lab.auditLog({ resource: 'leases', user: 'lab-admin' })).toMatchObject([
    { verb: 'create', objectRef: { name: 'leader' } },
  ]);
});

describe.each(['auto', 'plain'] as const)('a lab of the isolation "%s"', (isolation) => {
  test('leaves nothing when it is stopped', async () => {
    const lab = await start({ isolation, nodes: 1 });
    const traces = tracesOf(lab);
    expect(traces.pids).toHaveLength(5);
    expect(remains(traces)).not.toEqual([]);
    await lab.stop();
    expect(remains(traces)).toEqual([]);
    await lab.stop();
  });

  test('leaves nothing when its starter is killed', async () => {
    const { starter, traces } = await startElsewhere(isolation);
    starter.kill('SIGKILL');
    expect(await leftOf(traces)).toEqual([]);
  });

  test('leaves nothing when its keeper is killed as well and somebody cleans up', async () => {
    const { starter, traces, found } = await startElsewhere(isolation);
    signal(found.state!.keeper.pid, 'SIGKILL');
    starter.kill('SIGKILL');
    await until('the death of both', () => !lives(found.state!.starter) && !lives(found.state!.keeper));
    await runCommand(process.execPath, [CLI, 'clean']);
    expect(await leftOf(traces)).toEqual([]);
  });
});

test('the command line starts a lab in the background, lists it and ends it', async () => {
  const cli = (...args: string[]): Promise<string> => runCommand(process.execPath, [CLI, ...args]);
  const said = await cli('up', '-d', '1');
  const id = /^lab (\w+) at/m.exec(said)?.[1] ?? '';
  const kubeconfig = /KUBECONFIG=(.*)$/m.exec(said)?.[1] ?? '';
  open.push(async () => void (await cli('down', id)));
  expect(await cli('status')).toContain(`${id}  https://`);
  expect(JSON.parse(readFileSync(kubeconfig, 'utf8'))).toMatchObject({ kind: 'Config' });
  const keeper = findLabs().find((lab) => lab.id === id)?.state?.keeper.pid ?? 0;
  expect(childrenOf(keeper)).not.toEqual([]);
  await cli('down', id);
  expect(existsSync(kubeconfig)).toBe(false);
  expect(await cli('status')).not.toContain(id);
});

import { existsSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { runCommand } from './command.ts';
import type { Lab, LabOptions } from './lab.ts';
import { childrenOf } from './processes.ts';
import { findLabs } from './run-folder.ts';
import { CLI, killAndClean, leftOf, startElsewhere, type LabElsewhere } from './testing/killed.ts';
import { startTestLab } from './testing/test-lab.ts';
import { remains, tracesOf } from './testing/traces.ts';

const open: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((close) => close()));
});

async function start(options: LabOptions): Promise<Lab> {
  const lab = await startTestLab(options);
  open.push(() => lab.stop());
  return lab;
}

/** A lab that another process has started. */
async function elsewhere(isolation: string): Promise<LabElsewhere> {
  const lab = await startElsewhere(isolation);
  open.push(async () => void lab.starter.kill('SIGKILL'));
  return lab;
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
    const { starter, traces } = await elsewhere(isolation);
    starter.kill('SIGKILL');
    expect(await leftOf(traces)).toEqual([]);
  });

  test('leaves nothing when its keeper is killed as well and somebody cleans up', async () => {
    const lab = await elsewhere(isolation);
    await killAndClean(lab);
    expect(await leftOf(lab.traces)).toEqual([]);
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

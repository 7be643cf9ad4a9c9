import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { AgentProcess } from '@process-meter/e2e/stack/agent-process';
import { seededRandom, shuffled } from '@process-meter/e2e/stack/seeded';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { accessTo, type Access } from '../agents.ts';
import { natsCertificate, pods, ready, startAppliance, type Appliance } from '../appliance.ts';
import { containersOf, killContainer, type Container } from '../containers.ts';
import { nothingIsLost } from '../load.ts';
import { allowNoMoreMemory } from '../memory-limit.ts';

/** How often each part is killed. */
const KILLS = Number(process.env['PM_NODE_KILLS'] ?? 10);
const SEED = Number(process.env['PM_SEED'] ?? Date.now() % 1_000_000);
const PARTS = ['manager', 'ingest', 'portal', 'nats', 'postgres'] as const;
const LOADS = ['load-0', 'load-1'] as const;
const BACK_MS = 90_000;

let appliance: Appliance;
let access: Access;
const load: AgentProcess[] = [];
const folder = mkdtempSync(join(tmpdir(), 'pm-node-faults-'));
const random = seededRandom(SEED);
const say = (line: string): void => void process.stdout.write(`node faults: ${line}\n`);

beforeAll(async () => {
  appliance = await startAppliance(folder);
  await appliance.installOperator();
  // As in production: three NATS servers, which keep a copy each.
  await appliance.install(
    'messaging.embedded.replicas=3,manager.replicas=2,ingest.replicas=2,portal.replicas=2',
  );
  await ready(appliance);
  access = await accessTo(appliance, folder);
  for (const name of LOADS) load.push(await AgentProcess.load(await access.agent(name, '')));
}, 400_000);
afterAll(async () => {
  await Promise.all([...load.map((one) => one.stop()), access?.pool.end()]);
  await appliance?.lab.stop();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

/** Kills one container of a part that is ready, and waits until all of the part are ready again, sometimes. */
async function hit(part: string, patient: boolean): Promise<void> {
  const victim = await killed(part);
  if (!patient) return;
  await expect
    .poll(
      async () => (await containersOf(appliance, part)).every((one) => one.ready && one.id !== victim.id),
      {
        timeout: BACK_MS,
        interval: 300,
      },
    )
    .toBe(true);
}

/** The status of a pod may still praise a container that was killed a moment ago: then another one is taken. */
async function killed(part: string): Promise<Container> {
  for (const end = Date.now() + BACK_MS; Date.now() < end; await pause(300)) {
    const ready = (await containersOf(appliance, part)).filter((one) => one.ready);
    const victim = shuffled(ready, random).find((one) => killContainer(one) > 0);
    if (victim !== undefined) return victim;
  }
  throw new Error(`no container of ${part} is ready: ${await pods(appliance)}`);
}

const arrived = (): Promise<number> =>
  nothingIsLost({ agents: load, names: LOADS, folder, pool: access.pool, say });

test(
  'each part killed again and again under load: no acknowledged record is lost or doubled',
  async () => {
    say(`seed ${SEED} (PM_SEED), ${KILLS} of each (PM_NODE_KILLS)`);
    const started = Date.now();
    const order = shuffled(
      PARTS.flatMap((part) => Array.from({ length: KILLS }, () => part)),
      random,
    );
    for (const part of order) {
      await hit(part, random() > 1 / 3);
      await pause(random() * 1000);
    }
    say(`${order.length} containers killed in ${Math.round((Date.now() - started) / 1000)} s`);
    await ready(appliance);
    expect(await arrived()).toBeGreaterThan(KILLS * 100);
  },
  KILLS * 120_000,
);

test('an Ingest that runs out of memory is ended by the kernel and begins again: nothing is lost', async () => {
  const [victim] = await containersOf(appliance, 'ingest');
  allowNoMoreMemory(victim!);
  const path = '{.status.containerStatuses[0].lastState.terminated.reason}';
  await expect
    .poll(() => appliance.kubectl('get', 'pod', victim!.pod, '-o', `jsonpath=${path}`), {
      timeout: BACK_MS,
      interval: 500,
    })
    .toBe('OOMKilled');
  await ready(appliance);
  await arrived();
}, 300_000);

test('kubelet and containerd killed and started again under load: the pods go on, and nothing is lost', async () => {
  const before = (await containersOf(appliance, 'manager')).map(({ id }) => id).toSorted();
  for (const component of ['kubelet', 'containerd', 'kubelet', 'kube-proxy'] as const) {
    await appliance.lab.restart(component, { signal: 'SIGKILL', whileDown: () => pause(2000) });
    // A kubelet without containerd ends itself.
    if (component === 'containerd') await appliance.lab.restart('kubelet', { signal: 'SIGKILL' });
  }
  await ready(appliance);
  expect((await containersOf(appliance, 'manager')).map(({ id }) => id).toSorted()).toEqual(before);
  await arrived();
}, 300_000);

test('a renewed certificate is taken by new pods, and no agent is lost over it', async () => {
  const before = (await containersOf(appliance, 'nats')).map(({ id }) => id);
  await appliance.lab.apply([await natsCertificate(appliance.lab, folder)]);
  await expect
    .poll(
      async () => {
        const now = await containersOf(appliance, 'nats');
        return now.length > 0 && now.every(({ id, ready }) => ready && !before.includes(id));
      },
      { timeout: BACK_MS, interval: 500 },
    )
    .toBe(true);
  await ready(appliance);
  await arrived();
}, 300_000);

import type { AuditEntry, Lab } from '@process-meter/e2e/lab';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { condition, externalProcessMeter, inNamespace, untilReady } from './installation.ts';
import { startOperator, type OperatorProcess } from './operator-process.ts';
import { ownedObjects, until } from './owned-objects.ts';
import { NAMESPACE, startWorld, type World } from './world.ts';

/** How long nothing may be written once all is well; a minute in long runs, less where others wait. */
const QUIET_MS = Number(process.env['PM_QUIET_MS'] ?? 20_000);
const METER = 'processmeter/meter';

let world: World;
let lab: Lab;
let operator: OperatorProcess;

beforeAll(async () => {
  world = await startWorld();
  ({ lab } = world);
  operator = startOperator(world);
});
afterAll(async () => {
  await operator?.stop();
  await lab?.stop();
});

const kubectl = (...args: string[]): Promise<string> => lab.kubectl([...args, '-n', NAMESPACE]);
const ready = (what = METER): Promise<string> =>
  condition(lab, { what, namespace: NAMESPACE, type: 'Ready' });

/** What the operator wrote, oldest first. */
async function writes(since = 0): Promise<AuditEntry[]> {
  const user = `system:serviceaccount:${NAMESPACE}:process-meter-operator`;
  return lab.auditLog({ user, since });
}
const told = (entries: readonly AuditEntry[]): string[] =>
  entries.map(({ verb, requestURI, responseStatus }) => `${verb} ${requestURI} ${responseStatus?.code}`);

/** A ready status is known to be of now only once the operator has looked again. */
async function settled(): Promise<void> {
  await untilReady(lab, METER, NAMESPACE);
  await until('nothing is written for two seconds', async () => {
    const before = (await writes()).length;
    await new Promise((resolve) => setTimeout(resolve, 2000));
    return (await writes()).length === before;
  });
}

test('a fresh ProcessMeter becomes ready, its parts in their order', async () => {
  await lab.apply(inNamespace(NAMESPACE, [externalProcessMeter()]));
  await untilReady(lab, METER, NAMESPACE);
  expect(await ready()).toBe('True Running');
  const steps = ['jobs', 'managers', 'ingests', 'portals', 'ingresses', 'networkpolicies'];
  const made = (await writes()).map(({ objectRef }) => objectRef?.resource ?? '');
  expect([...new Set(made.filter((resource) => steps.includes(resource)))]).toEqual(steps);
});

test('once all is well nothing is written, and a restart of the operator writes nothing', async () => {
  await settled();
  const quiet = Date.now();
  await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
  expect(told(await writes(quiet))).toEqual([]);

  expect(await operator.stop()).toBe(0);
  operator = startOperator(world);
  await until('the new operator leads', () => operator.log().some(({ msg }) => msg === 'leading'));
  await new Promise((resolve) => setTimeout(resolve, QUIET_MS / 4));
  expect(told(await writes(quiet))).toEqual([]);
});

test('everything that is deleted while the operator is down comes back', async () => {
  await operator.stop();
  const before = await ownedObjects(lab, NAMESPACE);
  // The first password is in use since the first start: a new one would be a lie.
  const lost = [...before.keys()].filter((name) => name !== 'Secret/meter-admin');
  expect(lost.length).toBeGreaterThan(25);
  // Some go with their owner before it is their turn.
  await kubectl('delete', '--wait=true', '--ignore-not-found', ...lost.map((name) => name.toLowerCase()));

  operator = startOperator(world);
  await until('all objects are there again', async () => {
    const now = await ownedObjects(lab, NAMESPACE);
    return lost.every((name) => now.has(name));
  });
  await untilReady(lab, METER, NAMESPACE);
  const after = await ownedObjects(lab, NAMESPACE);
  expect([...after.keys()].toSorted()).toEqual([...before.keys()].toSorted());
  expect(lost.filter((name) => after.get(name) === before.get(name))).toEqual([]);
});

test('what people change by hand is put right, what they add stays', async () => {
  await settled();
  await kubectl('scale', 'deployment/meter-portal', '--replicas=5');
  await kubectl('label', 'deployment/meter-portal', 'corp.local/owner=team-a');
  await until('the number of pods is as declared', async () => {
    const text = await kubectl('get', 'deployment/meter-portal', '-o', 'jsonpath={.spec.replicas}');
    return text === '2';
  });
  const labels = await kubectl('get', 'deployment/meter-portal', '-o', 'jsonpath={.metadata.labels}');
  expect(labels).toContain('team-a');
  await kubectl('scale', 'portal/meter', '--replicas=3');
  await until('a scaled Portal has three pods', async () => {
    const text = await kubectl('get', 'portal/meter', '-o', 'jsonpath={.status.readyReplicas}');
    return text === '3';
  });
});

test('a changed Secret rolls the pods that read it and no others', async () => {
  await settled();
  const templates = async (): Promise<string[]> => {
    const path = '{range .items[*]}{.metadata.name}={.spec.template.metadata.annotations}{"\\n"}{end}';
    return (await kubectl('get', 'deployments', '-o', `jsonpath=${path}`)).trim().split('\n');
  };
  const before = await templates();
  const uri = 'postgres://meter:another@db.corp.local:6432/meter';
  await kubectl('patch', 'secret/meter-database', '-p', JSON.stringify({ stringData: { uri } }));
  await until('Manager and Ingest have new templates', async () => {
    const now = await templates();
    return now.filter((line) => !before.includes(line)).length === 2;
  });
  await settled();
  const changed = (await templates()).filter((line) => !before.includes(line));
  expect(changed.map((line) => line.split('=')[0])).toEqual(['meter-ingest', 'meter-manager']);
});

test('paused, nothing is put right; afterwards everything is', async () => {
  await settled();
  await kubectl('annotate', METER, 'processmeter.io/paused=true');
  const paused = { what: METER, namespace: NAMESPACE, type: 'Paused' };
  await until('it says so', async () => (await condition(lab, paused)) === 'True PausedByUser');
  const since = Date.now();
  await kubectl('delete', 'deployment/meter-portal', 'ingress/meter-web', '--wait=true');
  await new Promise((resolve) => setTimeout(resolve, 3000));
  expect(told(await writes(since))).toEqual([]);
  await kubectl('annotate', METER, 'processmeter.io/paused-');
  await until('the deleted ones are there again', async () => {
    const now = await ownedObjects(lab, NAMESPACE);
    return now.has('Deployment/meter-portal') && now.has('Ingress/meter-web');
  });
  expect(await condition(lab, paused)).toBe('False NotPaused');
});

test('what is no longer declared is removed', async () => {
  await settled();
  await kubectl('patch', METER, '--type=json', '-p', '[{"op":"remove","path":"/spec/exposure"}]');
  await until('the Ingress is gone', async () => {
    return !(await ownedObjects(lab, NAMESPACE)).has('Ingress/meter-web');
  });
  await settled();
  expect(await ready()).toBe('True Running');
});

test('what cannot come right by itself is said, and nothing that runs is touched', async () => {
  await settled();
  const stalled = { what: METER, namespace: NAMESPACE, type: 'Stalled' };
  const before = await ownedObjects(lab, NAMESPACE);
  await kubectl('patch', METER, '--type=merge', '-p', '{"spec":{"version":"9.9.9"}}');
  await until('an unknown release', async () => (await condition(lab, stalled)) === 'True UnknownRelease');
  await lab.apply(inNamespace(NAMESPACE, [externalProcessMeter({}, 'second')]));
  const second = { ...stalled, what: 'processmeter/second' };
  await until('a second one', async () => (await condition(lab, second)) === 'True NamespaceOccupied');
  expect(await ownedObjects(lab, NAMESPACE)).toEqual(before);
  await kubectl('delete', 'processmeter/second');
  await kubectl('patch', METER, '--type=merge', '-p', '{"spec":{"version":"0.1.0"}}');
  await untilReady(lab, METER, NAMESPACE);
});

test('the rights of the chart are enough, and there is nothing beyond them', async () => {
  const refused = (await writes()).filter(({ responseStatus }) => responseStatus?.code === 403);
  expect(told(refused)).toEqual([]);
  const may = async (...what: string[]): Promise<string> => {
    const args = ['auth', 'can-i', ...what];
    return (await lab.kubectl(args, { kubeconfig: world.kubeconfig }).catch(() => 'no')).trim();
  };
  const own = ['-n', NAMESPACE];
  expect(await may('patch', 'deployments', ...own)).toBe('yes');
  for (const what of [
    ['delete', 'secrets', ...own],
    ['get', 'secrets', '-n', 'kube-system'],
    ['list', 'secrets', '--all-namespaces'],
    ['create', 'pods', ...own],
    ['create', 'pods/exec', ...own],
    ['patch', 'processmeters', ...own],
    ['delete', 'persistentvolumeclaims', ...own],
    ['create', 'roles', ...own],
    ['create', 'rolebindings', ...own],
    ['list', 'namespaces'],
    ['get', 'namespaces', '-n', 'default'],
    ['patch', 'customresourcedefinitions'],
    ['*', '*', ...own],
  ])
    expect([...what, await may(...what)]).toEqual([...what, 'no']);
});

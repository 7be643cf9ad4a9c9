import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { KINDS, type Column } from '@process-meter/crds';
import type { Lab } from '@process-meter/e2e/lab';
import { startXServer, type LocalXServer } from '@process-meter/local';
import { Pool } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { AgentProcess } from '@process-meter/e2e/stack/agent-process';
import { Script } from '@process-meter/e2e/stack/script';
import { startServers, type Servers } from '@process-meter/e2e/stack/servers';
import { condition, externalProcessMeter, inNamespace, untilReady } from './installation.ts';
import { LICENSING, licensingExamples, namedByExamples, type Example } from './licensing-examples.ts';
import { startOperator, type OperatorProcess } from './operator-process.ts';
import { until } from './owned-objects.ts';
import { NAMESPACE, startWorld, type World } from './world.ts';

/** How long nothing may be written once all is well; a minute in long runs, less where others wait. */
const QUIET_MS = Number(process.env['PM_QUIET_MS'] ?? 20_000);
/** Figures move at once: nobody waits for a minute to go by. */
const FIGURES_MS = '2000';
const SLOW_MS = 120_000;
const DEFINITIONS = join(import.meta.dirname, '../../crds/generated');

let world: World;
let lab: Lab;
let servers: Servers;
let display: LocalXServer;
let agent: AgentProcess;
let script: Script;
let operator: OperatorProcess;
let pool: Pool;

beforeAll(async () => {
  [world, servers, display] = await Promise.all([startWorld(), startServers(), startXServer()]);
  ({ lab } = world);
  pool = new Pool({ connectionString: servers.databaseUrl, max: 2 });
  // Known to the Manager already: the operator keeps a Secret that is there.
  const token = { metadata: { name: 'meter-service' }, stringData: { token: servers.serviceToken } };
  const secret = { apiVersion: 'v1', kind: 'Secret', ...token };
  await lab.apply(inNamespace(NAMESPACE, [secret, externalProcessMeter()]));
  operator = start();
  await servers.manager.monitorOnly([]);
  agent = await AgentProcess.desktop({
    PM_MANAGER_URL: servers.managerUrl,
    PM_STATE_DIR: join(servers.dir, 'agent'),
    PM_ENROL_TOKEN: await servers.manager.enrolmentToken('desktop'),
    DISPLAY: display.display,
  });
  script = new Script({ dir: servers.dir, display: display.display });
  await untilReady(lab, 'processmeter/meter', NAMESPACE);
}, 300_000);
afterAll(async () => {
  await script?.end();
  await Promise.all([agent?.stop(), operator?.stop(), pool?.end()]);
  await Promise.all([servers?.stop(), display?.stop(), lab?.stop()]);
}, 60_000);

const start = (): OperatorProcess =>
  startOperator(world, { PM_MANAGER_URL: servers.managerUrl, PM_FIGURES_MS: FIGURES_MS });
const kubectl = (...args: string[]): Promise<string> => lab.kubectl([...args, '-n', NAMESPACE]);
const apply = (...objects: Example[]): Promise<void> => lab.apply(inNamespace(NAMESPACE, objects));
const nameOf = ({ kind, metadata }: Example): string => `${kind.toLowerCase()}/${metadata.name}`;
const said = (what: string, type = 'Ready'): Promise<string> =>
  condition(lab, { what, namespace: NAMESPACE, type });

const rowsSchema = z.array(z.record(z.string(), z.unknown()));
async function rows(sql: string, values: readonly unknown[] = []): Promise<Record<string, unknown>[]> {
  return rowsSchema.parse((await pool.query(sql, [...values])).rows);
}
const declared = async (kind: string): Promise<unknown[]> =>
  (await rows('select name from declared where kind = $1 and deleted_at is null order by name', [kind])).map(
    ({ name }) => name,
  );
const documents = async (application: string): Promise<unknown[]> => {
  const found = await rows(
    `select d.name from document d join session s on s.agent_id = d.agent_id and s.id = d.session_id
     join application a on a.id = s.application_id where a.name = $1 order by d.opened`,
    [application],
  );
  return found.map(({ name }) => name);
};

/** What a column of `kubectl get` shows of an object. */
async function column(what: string, { jsonPath }: Column): Promise<string> {
  return kubectl('get', what, '-o', `jsonpath={${jsonPath}}`);
}

test('every valid example of every kind becomes ready, with the columns that it can fill', async () => {
  const examples = licensingExamples();
  await apply(...examples, ...namedByExamples());
  for (const example of examples) {
    await untilReady(lab, nameOf(example), NAMESPACE);
    expect([nameOf(example), await said(nameOf(example))]).toEqual([nameOf(example), 'True Synced']);
  }
  for (const kind of LICENSING) {
    const [first] = examples.filter((one) => one.kind === kind);
    const columns: readonly Column[] = KINDS.find((one) => one.kind === kind)?.columns ?? [];
    for (const one of columns)
      expect([kind, one.name, await column(nameOf(first!), one)]).not.toEqual([kind, one.name, '']);
    const all = [...examples, ...namedByExamples()].filter((one) => one.kind === kind);
    expect(await declared(kind)).toEqual(all.map(({ metadata }) => metadata.name).toSorted());
  }
  expect(await said('processmeter/meter', 'ConfigSynced')).toBe('True Synced');
});

test(
  'once all is well nothing is written, and a restart of the operator writes nothing',
  async () => {
    const user = `system:serviceaccount:${NAMESPACE}:process-meter-operator`;
    const writes = async (since: number): Promise<string[]> =>
      (await lab.auditLog({ user, since })).map(({ verb, requestURI }) => `${verb} ${requestURI}`);
    // The last figure to move: that the one agent has the settings of all applications.
    const path = 'jsonpath={.items[*].status.use.agentsConfigured}';
    await until(
      'the figures have come to rest',
      async () => /^(1 )*1$/.test(await kubectl('get', 'monitoredapplications', '-o', path)),
      SLOW_MS,
    );
    const changed = 'select max(changed_at) as at from declared';
    const [before] = await rows(changed);
    const quiet = Date.now();
    await pause(QUIET_MS);
    expect(await operator.stop()).toBe(0);
    operator = start();
    await until('the new operator leads', () => operator.log().some(({ msg }) => msg === 'leading'));
    await pause(QUIET_MS / 4);
    expect(await writes(quiet)).toEqual([]);
    expect(await rows(changed)).toEqual([before]);
  },
  2 * SLOW_MS,
);

test(
  'an application made with kubectl reaches the agent and changes what it records; deleted, it ends',
  async () => {
    const editor: Example = {
      apiVersion: 'processmeter.io/v1alpha1',
      kind: 'MonitoredApplication',
      metadata: { name: 'editor' },
      spec: {
        displayName: 'The editor',
        rules: [{ executable: 'mousepad' }],
        inactiveAfter: '5s',
        pathPrivacy: 'BaseName',
      },
    };
    await script.openInEditor('ledger.txt');
    await script.focus('ledger.txt');
    await pause(3000);
    expect(await rows('select 1 as n from session')).toEqual([]);

    // Agents send at once while somebody watches.
    const leave = await servers.manager.watch();
    await apply(editor);
    await until('its document is recorded', async () => (await documents('The editor')).length === 1);
    expect(await documents('The editor')).toEqual(['ledger.txt']);
    await until(
      'the status tells its use',
      async () => {
        const use = await kubectl('get', nameOf(editor), '-o', 'jsonpath={.status.use}');
        const { openNow = 0, agentsSeen = 0, agentsConfigured = 0 } = use === '' ? {} : JSON.parse(use);
        return openNow === 1 && agentsSeen === 1 && agentsConfigured === 1;
      },
      SLOW_MS,
    );

    await kubectl('delete', nameOf(editor));
    await until('its session ends', async () => {
      const [session] = await rows('select count(*)::int as n from session where ended is null');
      return session?.['n'] === 0;
    });
    await script.openInEditor('diary.txt');
    await script.focus('diary.txt');
    await pause(5000);
    expect(await documents('The editor')).toEqual(['ledger.txt']);
    leave();
    expect(await declared('MonitoredApplication')).not.toContain('editor');
  },
  2 * SLOW_MS,
);

test('what was deleted while the operator was down is taken back when it comes', async () => {
  await operator.stop();
  await kubectl('delete', 'monitoredapplication/office-writer-0');
  operator = start();
  await until(
    'it is gone',
    async () => !(await declared('MonitoredApplication')).includes('office-writer-0'),
  );
  expect(await declared('MonitoredApplication')).toContain('solver-1');
});

test('many deleted at once are kept until the annotation allows it', async () => {
  const many = Array.from({ length: 8 }, (_, n): Example => {
    const spec = { displayName: `Many ${n}`, metric: 'Device', quantity: 1 };
    return {
      apiVersion: 'processmeter.io/v1alpha1',
      kind: 'LicensePool',
      metadata: { name: `many-${n}` },
      spec,
    };
  });
  await apply(...many);
  await until('all are held', async () => (await held(many)) === 8);
  await kubectl('delete', ...many.map(nameOf));
  await until(
    'it is blocked',
    async () => (await said('processmeter/meter', 'ConfigSynced')) === 'False MassDeleteBlocked',
  );
  expect(await held(many)).toBe(8);
  expect(await said('processmeter/meter')).toBe('True Running');
  expect(await kubectl('get', 'events.events.k8s.io', '-o', 'jsonpath={.items[*].reason}')).toContain(
    'MassDeleteBlocked',
  );
  await kubectl('annotate', 'processmeter/meter', 'processmeter.io/allow-mass-delete=true');
  await until('they are gone', async () => (await held(many)) === 0);
  await until(
    'it is used',
    async () => (await said('processmeter/meter', 'ConfigSynced')) === 'True AllowanceUsed',
  );
  await kubectl('annotate', 'processmeter/meter', 'processmeter.io/allow-mass-delete-');
  await until(
    'all is well',
    async () => (await said('processmeter/meter', 'ConfigSynced')) === 'True Synced',
  );
});

const held = async (some: readonly Example[]): Promise<number> => {
  const names = await declared('LicensePool');
  return some.filter(({ metadata }) => names.includes(metadata.name)).length;
};

test('a definition that is deleted, with all its resources, wipes nothing', async () => {
  const before = await declared('RentalOffer');
  expect(before.length).toBeGreaterThan(0);
  await lab.kubectl(['delete', 'crd', 'rentaloffers.processmeter.io', '--timeout=60s'], {
    timeoutMs: 70_000,
  });
  await until(
    'it says so',
    async () => (await said('processmeter/meter', 'ConfigSynced')) === 'False DefinitionMissing',
  );
  expect(await declared('RentalOffer')).toEqual(before);
  await lab.kubectl(['apply', '--server-side', '-f', join(DEFINITIONS, 'rentaloffers.yaml')]);
  await lab.kubectl(['wait', '--for=condition=Established', '--timeout=60s', 'crd', '--all']);
  const offers = licensingExamples().filter(({ kind }) => kind === 'RentalOffer');
  await apply(...offers);
  for (const offer of offers) await untilReady(lab, nameOf(offer), NAMESPACE);
  await until(
    'all is well',
    async () => (await said('processmeter/meter', 'ConfigSynced')) === 'True Synced',
  );
  expect(await declared('RentalOffer')).toEqual(before);
});

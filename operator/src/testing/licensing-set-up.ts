import { onTestFinished } from 'vitest';
import { addLicensing, createManagerClient } from '../licensing/index.ts';
import { ConfigSync } from '../platform/config-sync.ts';
import { SecretReader } from '../platform/secret-reader.ts';
import { OperatorManager, type KubeObject } from '../runtime/index.ts';
import { FakeClock, until } from './fake-clock.ts';
import { testLog } from './parts.ts';
import { ScriptedManager } from './scripted-manager.ts';
import { StubApi } from './stub-api.ts';

export const NAMESPACE = 'metering';
const PLURALS: Readonly<Record<string, string>> = {
  MonitoredApplication: 'monitoredapplications',
  LicensePool: 'licensepools',
  ApplicationPolicy: 'applicationpolicies',
  LicenseServer: 'licenseservers',
  RentalOffer: 'rentaloffers',
  ProcessMeter: 'processmeters',
  Manager: 'managers',
};

const pathOf = (kind: string, name: string): string =>
  `/apis/processmeter.io/v1alpha1/namespaces/${NAMESPACE}/${PLURALS[kind]}/${name}`;

const METER_SPEC = {
  version: '0.1.0',
  database: { mode: 'External', external: { secretRef: { name: 'db' } } },
  messaging: { mode: 'Embedded', embedded: { replicas: 1 } },
};

export interface Told {
  type: string;
  status: string;
  reason: string;
  message: string;
}

/** An API server, a Manager and the controllers between them, on a clock that the test moves. */
export async function setUpLicensing() {
  const api = await new StubApi().start();
  const manager = await new ScriptedManager().start();
  const clock = new FakeClock();
  const served = new Set(Object.values(PLURALS));
  api.misbehave = ({ path }) =>
    path === '/apis/processmeter.io/v1alpha1'
      ? { status: 200, body: { resources: [...served].map((name) => ({ name, verbs: ['create'] })) } }
      : undefined;
  const world = {
    api,
    manager,
    clock,
    served,
    put: (kind: string, name: string, spec: object = {}, metadata: object = {}): KubeObject => {
      const before = api.store.get(pathOf(kind, name));
      const creationTimestamp = new Date(clock.now()).toISOString();
      return api.store.put(pathOf(kind, name), {
        apiVersion: 'processmeter.io/v1alpha1',
        kind,
        spec,
        ...(before?.['status'] === undefined ? {} : { status: before['status'] }),
        metadata: { creationTimestamp, ...before?.metadata, ...metadata, name, namespace: NAMESPACE },
      });
    },
    get: (kind: string, name: string): KubeObject | undefined => api.store.get(pathOf(kind, name)),
    remove: (kind: string, name: string): void => void api.store.delete(pathOf(kind, name)),
    status: (kind: string, name: string): Record<string, unknown> =>
      Object(world.get(kind, name)?.['status']),
    condition: (kind: string, name: string, type = 'Ready'): string => {
      const conditions: Told[] = (world.status(kind, name)['conditions'] as Told[] | undefined) ?? [];
      const found = conditions.find((one) => one.type === type);
      return found === undefined ? '' : `${found.status} ${found.reason}`;
    },
    message: (kind: string, name: string, type = 'Ready'): string =>
      (world.status(kind, name)['conditions'] as Told[]).find((one) => one.type === type)?.message ?? '',
    /** Status writes and everything else that was written to the API server, but for events. */
    kubeWrites: (): string[] =>
      api.writes.filter(({ path }) => !path.includes('/events')).map(({ path }) => path),
    /** What is said of the sync, as the ProcessMeter would say it. */
    configSynced: (name = 'meter'): string => {
      const meter = world.get('ProcessMeter', name);
      const said = meter === undefined ? undefined : running?.configSync.conditionOf(meter);
      return said === undefined ? '' : `${said.status} ${said.reason}`;
    },
    configMessage: (): string =>
      running?.configSync.conditionOf(world.get('ProcessMeter', 'meter')!)?.message ?? '',
    /** Moves time in small steps until something holds. */
    until: (what: string, holds: () => boolean): Promise<void> =>
      until(what, async () => {
        await clock.advance(100);
        return holds();
      }),
    /** Lets time pass; what has to happen meanwhile gets real time for its requests. */
    pass: async (ms: number): Promise<void> => {
      for (let left = ms; left > 0; left -= 1000) {
        await clock.advance(Math.min(1000, left));
        await new Promise((resolve) => setTimeout(resolve, 4));
      }
    },
    startOperator: (): Promise<void> => start(),
    stopOperator: (): Promise<void> => stop(),
    metrics: () => running!.operator.metrics,
  };

  let running: Running | undefined;
  const start = async (): Promise<void> => {
    running = run(world);
    await until('the caches are filled', () => running?.operator.informers.synced === true);
  };
  const stop = async (): Promise<void> => {
    const ending = running?.end();
    let ended = false;
    void ending?.then(() => (ended = true));
    await until('the operator has ended', async () => {
      await clock.advance(500);
      return ended || running === undefined;
    });
  };
  onTestFinished(async () => {
    await stop();
    await Promise.all([api.stop(), manager.stop()]);
  });

  api.store.put(`/api/v1/namespaces/${NAMESPACE}`, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: NAMESPACE },
  });
  api.store.put(`/api/v1/namespaces/${NAMESPACE}/secrets/meter-service`, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'meter-service', namespace: NAMESPACE },
    data: { token: Buffer.from(manager.token).toString('base64') },
  });
  return world;
}

export type World = Awaited<ReturnType<typeof setUpLicensing>>;

interface Running {
  operator: OperatorManager;
  configSync: ConfigSync;
  end(): Promise<void>;
}

function run({ api, manager, clock }: { api: StubApi; manager: ScriptedManager; clock: FakeClock }): Running {
  const { log } = testLog();
  const operator = new OperatorManager(
    {
      component: 'processmeter.io/operator',
      instance: 'one',
      namespace: NAMESPACE,
      limits: { perSecond: 1e6, burst: 1e6, inFlight: 8 },
    },
    {
      credentials: api.credentials,
      clock,
      random: () => 0.5,
      log,
      id: () => 'id',
      onLost: () => undefined,
    },
  );
  const configSync = new ConfigSync(() => undefined);
  const client = createManagerClient({ clock, random: () => 0.5 });
  addLicensing({
    operator,
    secrets: new SecretReader(operator),
    manager: client,
    configSync,
    managerUrl: manager.url,
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    figuresMs: 60_000,
  });
  const stopping = new AbortController();
  const ended = operator.run(stopping.signal);
  return {
    operator,
    configSync,
    end: async () => {
      stopping.abort();
      await ended;
      await client.close();
    },
  };
}

/** A ProcessMeter whose Manager answers. */
export function putMeter(
  world: World,
  name = 'meter',
  options: { spec?: object; metadata?: object } = {},
): void {
  world.put('ProcessMeter', name, { ...METER_SPEC, ...options.spec }, options.metadata);
  putManager(world, name, 'True');
}

export function putManager(world: World, name: string, available: 'True' | 'False'): void {
  const manager = world.put('Manager', name);
  world.api.store.put(pathOf('Manager', name), {
    ...manager,
    status: {
      conditions: [
        {
          type: 'Available',
          status: available,
          reason: 'R',
          message: '',
          lastTransitionTime: '2026-01-01T00:00:00Z',
        },
      ],
    },
  });
}

/** Keeps the annotations of a ProcessMeter to these. */
export function annotate(
  world: World,
  kind: string,
  name: string,
  annotations: Record<string, string>,
): void {
  const object = world.get(kind, name)!;
  world.api.store.put(pathOf(kind, name), { ...object, metadata: { ...object.metadata, annotations } });
}

export function application(displayName: string): object {
  return { displayName, rules: [{ executable: displayName.toLowerCase() }] };
}

export function pool(...applications: string[]): object {
  return {
    displayName: 'Pool',
    metric: 'Concurrent',
    quantity: 10,
    source: 'Declared',
    applications: applications.map((name) => ({ name })),
  };
}

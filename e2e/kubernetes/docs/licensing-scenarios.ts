import { until } from '../owned-objects.ts';
import { keepDefinitions } from './kept-definitions.ts';
import type { RunbookWorld } from './runbook-world.ts';
import { second, type Scenario } from './scenarios.ts';

const METER = 'processmeter/meter';
const POOL = 'licensepool/cad';
const DAY_MS = 86_400_000;
const DEFINITION = 'rentaloffers.processmeter.io';

interface Resource {
  kind: string;
  name: string;
  spec: object;
}

const resource = ({ kind, name, spec }: Resource): object => ({
  apiVersion: 'processmeter.io/v1alpha1',
  kind,
  metadata: { name },
  spec,
});
const application = (name: string): object =>
  resource({
    kind: 'MonitoredApplication',
    name,
    spec: { displayName: name, rules: [{ executable: `${name}.exe` }] },
  });
const pool = (metric: string): object =>
  resource({
    kind: 'LicensePool',
    name: 'cad',
    spec: { displayName: 'CAD', metric, quantity: 120, applications: [{ name: 'cad' }] },
  });
const dayIn = (days: number): string => new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10);

async function poolAnew(world: RunbookWorld, metric: string): Promise<void> {
  await world.kubectl('delete', POOL, '--ignore-not-found');
  await world.apply([application('cad'), pool(metric)]);
}

async function changePool({ kubectl }: RunbookWorld, spec: object): Promise<void> {
  await kubectl('patch', POOL, '--type=merge', '-p', JSON.stringify({ spec }));
}

/** What the Manager says to every pool from now on. */
async function answerPools(
  world: RunbookWorld,
  problem: { status: number; code?: string; detail: string },
): Promise<void> {
  world.manager.disturb = ({ method, kind }) =>
    method === 'PUT' && kind === 'LicensePool' ? problem : undefined;
  await changePool(world, { displayName: problem.detail });
}

function answerAgain({ manager }: RunbookWorld): Promise<void> {
  manager.disturb = () => undefined;
  return Promise.resolve();
}

/** Declares some applications, and deletes all of them when the Manager holds them. */
async function deleteMany(world: RunbookWorld): Promise<void> {
  const names = ['one', 'two', 'three'];
  await world.apply(names.map(application));
  await until('the Manager holds them', () => {
    const held = world.manager.names('MonitoredApplication');
    return names.every((name) => held.includes(name));
  });
  await world.kubectl('delete', ...names.map((name) => `monitoredapplication/${name}`));
}

async function deleteManyWithLeave(world: RunbookWorld): Promise<void> {
  await deleteMany(world);
  await world.kubectl('annotate', METER, 'processmeter.io/allow-mass-delete=true');
  await world.says({ what: METER, type: 'ConfigSynced', reason: 'AllowanceUsed' });
}

/** On an installation that is ready. */
export const LICENSING: readonly Scenario[] = [
  {
    reason: 'NotCounted',
    says: [POOL, 'Exhausted'],
    cause: (world) => poolAnew(world, 'NamedUser'),
  },
  {
    reason: 'NotHeld',
    says: [POOL, 'Exhausted'],
    cause: async (world) => {
      await world.manager.stop();
      await poolAnew(world, 'Concurrent');
    },
    remedy: ({ manager }) => manager.start(),
  },
  {
    reason: 'ManagerUnavailable',
    says: [METER, 'ConfigSynced'],
    cause: async (world) => {
      await world.manager.stop();
      await changePool(world, { quantity: 121 });
    },
    remedy: ({ manager }) => manager.start(),
  },
  {
    reason: 'NoProcessMeter',
    says: [POOL, 'Ready'],
    cause: (world) => changePool(world, { processMeterRef: { name: 'other' } }),
  },
  {
    reason: 'SeveralProcessMeters',
    says: [POOL, 'Stalled'],
    cause: second,
  },
  {
    reason: 'ReferenceMissing',
    says: [POOL, 'ReferencesResolved'],
    cause: ({ kubectl }) => kubectl('delete', 'monitoredapplication/cad'),
  },
  {
    reason: 'Rejected',
    says: [POOL, 'Stalled'],
    cause: (world) => answerPools(world, { status: 422, code: 'PM-4022', detail: 'the name is taken' }),
    remedy: answerAgain,
  },
  {
    reason: 'Conflict',
    says: [POOL, 'Stalled'],
    cause: (world) => answerPools(world, { status: 409, code: 'PM-4009', detail: 'newer is kept' }),
    remedy: answerAgain,
  },
  {
    reason: 'AllInUse',
    says: [POOL, 'Exhausted'],
    cause: async (world) => {
      world.manager.openNow = () => 150;
      await changePool(world, { displayName: 'CAD' });
    },
  },
  {
    reason: 'EndIsNear',
    says: [POOL, 'Expiring'],
    cause: (world) => changePool(world, { contract: { endDate: dayIn(30), renewalNoticeDays: 90 } }),
  },
  {
    reason: 'EndIsOver',
    says: [POOL, 'Expired'],
    cause: (world) => changePool(world, { contract: { endDate: dayIn(-30) } }),
  },
  { reason: 'MassDeleteBlocked', says: [METER, 'ConfigSynced'], cause: deleteMany },
  { reason: 'AllowanceUsed', says: [METER, 'ConfigSynced'], cause: deleteManyWithLeave },
  {
    reason: 'AllowanceUsedUp',
    says: [METER, 'ConfigSynced'],
    cause: async (world) => {
      await deleteManyWithLeave(world);
      await deleteMany(world);
    },
  },
];

/** On the definitions of the cluster, which all share: when nobody else needs them. */
export const DEFINITIONS: readonly Scenario[] = [
  {
    reason: 'DefinitionMissing',
    says: [METER, 'ConfigSynced'],
    cause: async (world) => {
      const spec = {
        displayName: 'CAD by the hour',
        applicationRef: { name: 'cad' },
        hourlyRate: { amount: '12.50', currency: 'EUR' },
      };
      await world.apply([resource({ kind: 'RentalOffer', name: 'cad', spec })]);
      await until('the Manager holds it', () => world.manager.names('RentalOffer').includes('cad'));
      await world.lab.kubectl(['delete', 'crd', DEFINITION]);
      await world.kubectl('annotate', METER, 'processmeter.io/reconcile-at=1');
    },
    remedy: async (world) => {
      await keepDefinitions(world.lab, 'process-meter');
      const spec = {
        displayName: 'CAD by the hour',
        applicationRef: { name: 'cad' },
        hourlyRate: { amount: '12.50', currency: 'EUR' },
      };
      await world.apply([resource({ kind: 'RentalOffer', name: 'cad', spec })]);
    },
  },
];

import { LABELS } from '@process-meter/crds';
import { NETWORK_POLICIES } from '../resources.ts';
import type { Desired } from '../runtime/index.ts';
import { backupPlace } from './backup-place.ts';
import { metadataOf, type Installation } from './installation.ts';
import { selectorLabels, type Component } from './labels.ts';
import { PORTS } from './names.ts';
import { desired } from './tidy.ts';

/** Ports of servers that are outside of the installation. */
export interface OuterPorts {
  database: readonly number[];
  messaging: readonly number[];
}

interface Way {
  ports: readonly number[];
  /** Pods of the installation; everybody when left out. */
  peer?: Component;
}

/**
 * Pods talk only where the product needs it: nothing in and out for all of them, then what each part needs. What lies
 * outside of the installation is known by its port only: a policy cannot name a host.
 */
export function renderNetworkPolicies(installation: Installation, outer: OuterPorts): Desired[] {
  const { spec, names, name } = installation;
  if (spec.networkPolicy.mode === 'Disabled') return [];
  const database = inner(spec.database.mode === 'Embedded', 'postgres', [PORTS.postgres], outer.database);
  const messaging = inner(spec.messaging.mode === 'Embedded', 'nats', [PORTS.nats], outer.messaging);
  const closed = desired(NETWORK_POLICIES, {
    metadata: metadataOf(installation, 'manager', names.policy),
    spec: {
      podSelector: { matchLabels: { [LABELS.processMeter]: name } },
      policyTypes: ['Egress', 'Ingress'],
    },
  });
  const open = (component: Component, ways: Omit<Opening, 'component' | 'policyName'>): Desired =>
    policy(installation, { ...ways, component, policyName: `${name}-${component}` });
  const everybody = (port: number): Way => ({ ports: [port] });
  return [
    closed,
    open('manager', { from: [everybody(PORTS.manager)], to: [database, messaging] }),
    open('ingest', { from: [everybody(PORTS.ingest)], to: [database, messaging] }),
    open('portal', { from: [everybody(PORTS.portal)], to: [{ ports: [PORTS.manager], peer: 'manager' }] }),
    open('migration', { from: [], to: [database] }),
    ...(spec.backup === undefined
      ? []
      : [open('backup', { from: [], to: [database, ...outerWays(backupPlace(spec.backup).ports)] })]),
    ...(spec.messaging.mode === 'Embedded'
      ? [
          open('nats', {
            from: [everybody(PORTS.nats), { ports: [PORTS.natsRoutes, PORTS.natsMonitor], peer: 'nats' }],
            to: [{ ports: [PORTS.natsRoutes], peer: 'nats' }],
          }),
        ]
      : []),
    ...(spec.database.mode === 'Embedded' ? [open('postgres', { from: databaseClients(spec), to: [] })] : []),
  ];
}

function outerWays(ports: readonly number[]): Way[] {
  return ports.length === 0 ? [] : [{ ports }];
}

function inner(embedded: boolean, peer: Component, ports: number[], outer: readonly number[]): Way {
  return embedded ? { ports, peer } : { ports: outer };
}

function databaseClients({ backup }: Installation['spec']): Way[] {
  const clients: Component[] = ['manager', 'ingest', 'migration'];
  if (backup !== undefined) clients.push('backup', 'restore');
  return clients.map((peer) => ({ ports: [PORTS.postgres], peer }));
}

/** Pods of a component, who may come to them, and where they may go. */
interface Opening {
  component: Component;
  policyName: string;
  from: Way[];
  to: Way[];
}

/** What a restore needs: the database of the installation, or the ports of one that is somewhere else; and the server of the bucket. */
export function renderRestorePolicy(
  installation: Installation,
  policyName: string,
  elsewhere: readonly number[] | undefined,
): Desired[] {
  const { networkPolicy, backup } = installation.spec;
  if (networkPolicy.mode === 'Disabled') return [];
  const to: Way =
    elsewhere === undefined ? { ports: [PORTS.postgres], peer: 'postgres' } : { ports: elsewhere };
  const bucket = backup === undefined ? [] : outerWays(backupPlace(backup).ports);
  return [policy(installation, { component: 'restore', policyName, from: [], to: [to, ...bucket] })];
}

function policy(installation: Installation, { component, policyName, from, to }: Opening): Desired {
  const { name } = installation;
  const peers = (peer: Component | undefined): object[] | undefined =>
    peer && [{ podSelector: { matchLabels: selectorLabels(peer, name) } }];
  const ports = (numbers: readonly number[]): object[] => numbers.map((port) => ({ port, protocol: 'TCP' }));
  const names = [
    { port: 53, protocol: 'TCP' },
    { port: 53, protocol: 'UDP' },
  ];
  return desired(NETWORK_POLICIES, {
    metadata: metadataOf(installation, component, policyName),
    spec: {
      podSelector: { matchLabels: selectorLabels(component, name) },
      policyTypes: ['Egress', 'Ingress'],
      ingress: from.map((way) => ({ from: peers(way.peer), ports: ports(way.ports) })),
      egress: [{ ports: names }, ...to.map((way) => ({ to: peers(way.peer), ports: ports(way.ports) }))],
    },
  });
}

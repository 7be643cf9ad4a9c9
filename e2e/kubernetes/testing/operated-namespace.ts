import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { AuditEntry, Lab } from '@process-meter/e2e/lab';
import { z } from 'zod';
import { inNamespace, untilReady } from '../installation.ts';
import { startOperator, type OperatorProcess } from '../operator-process.ts';
import { until } from '../owned-objects.ts';
import { prepareNamespace } from '../world.ts';
import { ACCOUNT } from './crew.ts';
import { told } from './writes.ts';

export const METER = 'processmeter/meter';
const LOOK_AGAIN_MS = 1000;
const CONFIG_SYNCED = 'ConfigSynced';
const STATUS_OF_METER = '/processmeters/meter/status';

const conditionSchema = z.looseObject({
  type: z.string(),
  status: z.string(),
  reason: z.string().default(''),
  message: z.string().default(''),
  observedGeneration: z.number().default(0),
});
const objectSchema = z.looseObject({
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    uid: z.string(),
    generation: z.number().default(0),
    ownerReferences: z.array(z.looseObject({ kind: z.string() })).default([]),
  }),
  spec: z.looseObject({}).default({}),
  data: z.record(z.string(), z.string()).default({}),
  status: z
    .looseObject({
      observedGeneration: z.number().default(0),
      conditions: z.array(conditionSchema).default([]),
    })
    .prefault({}),
});
export type Found = z.infer<typeof objectSchema>;

/** A namespace with an operator of its own, which has the rights of its chart there. */
export interface OperatedNamespace {
  readonly name: string;
  kubectl(...args: string[]): Promise<string>;
  apply(objects: readonly object[]): Promise<void>;
  /** Changes the spec of the ProcessMeter by a JSON merge patch. */
  change(spec: object): Promise<void>;
  /** One object; undefined when it is not there. */
  find(what: string): Promise<Found | undefined>;
  /** Objects of some kinds, such as `secrets,pods`. */
  list(kinds: string): Promise<Found[]>;
  /**
   * Waits until the ProcessMeter says so of what is declared now: `True Running`, and a part of the message.
   * @returns the whole message
   */
  says(type: string, wanted: string, message?: string): Promise<string>;
  /** Waits until the ProcessMeter is ready as it is declared now. */
  ready(): Promise<void>;
  /** What its operators wrote besides leases and events, oldest first. */
  writes(since?: number): Promise<AuditEntry[]>;
  /**
   * Waits until nothing is written any more.
   * @returns what was written in the three looks after that: nothing, but for what is said of a Manager that no pod here is
   */
  writesAtRest(): Promise<string[]>;
  /** Starts an operator; one that still runs is stopped before. */
  operate(env?: Readonly<Record<string, string>>): Promise<OperatorProcess>;
  stop(): Promise<void>;
}

export async function operatedNamespace(lab: Lab, name: string): Promise<OperatedNamespace> {
  const kubeconfig = await prepareNamespace(lab, name);
  let operator: OperatorProcess | undefined;
  const kubectl = (...args: string[]): Promise<string> => lab.kubectl([...args, '-n', name]);
  const find = async (what: string): Promise<Found | undefined> => {
    const text = await kubectl('get', what, '-o', 'json', '--ignore-not-found');
    return text.trim() === '' ? undefined : objectSchema.parse(JSON.parse(text));
  };
  const writes = async (since = 0): Promise<AuditEntry[]> =>
    lab.auditLog({ user: `system:serviceaccount:${name}:${ACCOUNT}`, since });
  return {
    name,
    kubectl,
    apply: (objects) => lab.apply(inNamespace(name, objects)),
    change: async (spec) => {
      await kubectl('patch', METER, '--type=merge', '-p', JSON.stringify({ spec }));
    },
    find,
    list: async (kinds) =>
      z.object({ items: z.array(objectSchema) }).parse(JSON.parse(await kubectl('get', kinds, '-o', 'json')))
        .items,
    says: (type, wanted, message = '') => untilSaid(() => find(METER), { type, wanted, message }),
    ready: () => untilReady(lab, METER, name),
    writes,
    writesAtRest: async () => {
      await untilReady(lab, METER, name);
      let since = Date.now();
      let before: Found | undefined;
      await until('nothing is written for two seconds', async () => {
        before = await find(METER);
        const last = (await writes()).at(-1);
        since = Math.max(since, Date.parse(last?.requestReceivedTimestamp ?? ''));
        return Date.now() - since > 2000;
      });
      await pause(3 * LOOK_AGAIN_MS);
      const written = told(await writes(since));
      return saidOfManagerOnly(before, await find(METER)) ? withoutOne(STATUS_OF_METER, written) : written;
    },
    operate: async (env = {}) => {
      await operator?.stop();
      const times = { PM_LOOK_AGAIN_MS: String(LOOK_AGAIN_MS), PM_LEASE_MS: '15000' };
      operator = startOperator({ kubeconfig, namespace: name }, { ...times, ...env });
      return operator;
    },
    stop: async () => {
      await operator?.stop();
    },
  };
}

/** Names are looked up and connections tried: why the Manager cannot be asked may differ from one look to the next. */
function saidOfManagerOnly(before: Found | undefined, now: Found | undefined): boolean {
  const conditions = (of: Found | undefined) => of?.status.conditions ?? [];
  const ofManager = (of: Found | undefined) => conditions(of).filter(({ type }) => type === CONFIG_SYNCED);
  const others = (of: Found | undefined) => ({
    ...of?.status,
    conditions: conditions(of).filter(({ type }) => type !== CONFIG_SYNCED),
  });
  return (
    isDeepStrictEqual(others(before), others(now)) && !isDeepStrictEqual(ofManager(before), ofManager(now))
  );
}

function withoutOne(part: string, lines: readonly string[]): string[] {
  const at = lines.findIndex((line) => line.includes(part));
  return lines.filter((_, i) => i !== at);
}

async function untilSaid(
  find: () => Promise<Found | undefined>,
  { type, wanted, message }: { type: string; wanted: string; message: string },
): Promise<string> {
  let last = '';
  const said = async (): Promise<boolean> => {
    const found = await find();
    const condition = found?.status.conditions.find((one) => one.type === type);
    if (condition === undefined) return false;
    last = `${condition.status} ${condition.reason}: ${condition.message}`;
    const isOfNow = condition.observedGeneration === found?.metadata.generation;
    return isOfNow && last.startsWith(`${wanted}: `) && condition.message.includes(message);
  };
  await until(`${type} is ${wanted}`, said).catch((error: unknown) => {
    throw new Error(`${type} is ${last}, not ${wanted} with "${message}"`, { cause: error });
  });
  return last.slice(`${wanted}: `.length);
}

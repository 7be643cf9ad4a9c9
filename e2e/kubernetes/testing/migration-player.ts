import type { Lab } from '@process-meter/e2e/lab';
import { until } from '../owned-objects.ts';
import type { OperatedNamespace } from './operated-namespace.ts';

/** Decides what becomes of migrations: their pods find no node and do what the test says. */
export interface MigrationPlayer {
  /** From now on no pod gets a node. */
  hold(): Promise<void>;
  /** All pods get one, and do what fake pods do. */
  release(): Promise<void>;
  /** A pod of the Job of a release works on it. */
  begin(version: string): Promise<void>;
  /** The pod that works on it is through. */
  succeed(version: string): Promise<void>;
  /** The Job gives up, as after its last try. */
  fail(version: string): Promise<void>;
  /** Name of the Job of a release; undefined when there is none. */
  jobOf(version: string): Promise<string | undefined>;
}

const MIGRATION = 'app.kubernetes.io/component=migration';
const NAMES = '{range .items[*]}{.metadata.name} {.spec.template.spec.containers[0].image}{"\\n"}{end}';

export function migrationPlayer(
  lab: Lab,
  place: OperatedNamespace,
  nodes: readonly string[],
): MigrationPlayer {
  const jobOf = async (version: string): Promise<string | undefined> => {
    const text = await place.kubectl('get', 'jobs', '-l', MIGRATION, '-o', `jsonpath=${NAMES}`);
    return text
      .split('\n')
      .find((line) => line.endsWith(`/manager:${version}`))
      ?.split(' ')[0];
  };
  const pod = async (version: string): Promise<string> => {
    const selector = `job-name=${(await jobOf(version)) ?? ''}`;
    let name = '';
    await until(`the migration to ${version} has a pod`, async () => {
      name = (await place.kubectl('get', 'pods', '-l', selector, '-o', 'name')).trim();
      return name !== '';
    });
    return name;
  };
  const setStatus = async (what: string, status: object, type = 'merge'): Promise<void> => {
    const patch = JSON.stringify({ status });
    await place.kubectl('patch', what, '--subresource=status', `--type=${type}`, '-p', patch);
  };
  return {
    jobOf,
    hold: async () => void (await lab.kubectl(['cordon', ...nodes])),
    release: async () => void (await lab.kubectl(['uncordon', ...nodes])),
    begin: async (version) => {
      const ready = { type: 'Ready', status: 'True' };
      await setStatus(await pod(version), { phase: 'Running', conditions: [ready] });
      await until('the Job counts it', async () => {
        const job = `job/${(await jobOf(version)) ?? ''}`;
        return (await place.kubectl('get', job, '-o', 'jsonpath={.status.ready}')) === '1';
      });
    },
    succeed: async (version) => {
      await setStatus(await pod(version), { phase: 'Succeeded', conditions: [] });
      const job = `job/${(await jobOf(version)) ?? ''}`;
      await place.kubectl('wait', job, '--for=condition=Complete', '--timeout=50s');
    },
    fail: async (version) => {
      const job = `job/${(await jobOf(version)) ?? ''}`;
      const reason = { reason: 'BackoffLimitExceeded', message: 'Job has reached the limit' };
      // Before that the Job controller has not seen it.
      await place.kubectl('wait', job, '--for=jsonpath={.status.startTime}', '--timeout=50s');
      const conditions = [{ type: 'FailureTarget', status: 'True', ...reason }];
      // The Job controller does the rest.
      await setStatus(job, { conditions }, 'strategic');
    },
  };
}

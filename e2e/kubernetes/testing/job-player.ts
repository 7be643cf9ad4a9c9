import type { Lab } from '@process-meter/e2e/lab';
import { until } from '../owned-objects.ts';
import type { OperatedNamespace } from './operated-namespace.ts';

/** Decides what becomes of the Jobs of backups and restores: their pods find no node and do what the test says. */
export interface JobPlayer {
  /** From now on no pod gets a node. */
  hold(): Promise<void>;
  /** All pods get one, and do what fake pods do. */
  release(): Promise<void>;
  /** Waits until a backup or a restore has a Job with a pod. @returns the name of the Job */
  jobOf(what: string): Promise<string>;
  /** The pod of a Job ends well and leaves its word. */
  succeed(job: string, word: string): Promise<void>;
  /** The last pod of a Job ends with an error, and the Job gives up. */
  fail(job: string, word: string): Promise<void>;
}

export function jobPlayer(lab: Lab, place: OperatedNamespace, nodes: readonly string[]): JobPlayer {
  const podOf = async (job: string): Promise<string> => {
    let name = '';
    await until(`Job ${job} has a pod`, async () => {
      const selector = `batch.kubernetes.io/job-name=${job}`;
      name = (await place.kubectl('get', 'pods', '-l', selector, '-o', 'name')).trim();
      return name !== '';
    });
    return name;
  };
  const setStatus = async (what: string, status: object, type = 'merge'): Promise<void> => {
    const patch = JSON.stringify({ status });
    await place.kubectl('patch', what, '--subresource=status', `--type=${type}`, '-p', patch);
  };
  const end = async (
    job: string,
    given: { phase: string; exitCode: number; message: string },
  ): Promise<void> => {
    const { phase, exitCode, message } = given;
    const at = new Date().toISOString().replace(/\.\d+/, '');
    const terminated = { exitCode, message, reason: exitCode === 0 ? 'Completed' : 'Error', startedAt: at };
    const pod = await podOf(job);
    const container = (await place.kubectl('get', pod, '-o', 'jsonpath={.spec.containers[0].name}')).trim();
    const state = { terminated: { ...terminated, finishedAt: at } };
    const containerStatuses = [
      { name: container, image: 'x', imageID: '', ready: false, restartCount: 0, state },
    ];
    await setStatus(pod, { phase, containerStatuses });
  };
  return {
    hold: async () => void (await lab.kubectl(['cordon', ...nodes])),
    release: async () => void (await lab.kubectl(['uncordon', ...nodes])),
    jobOf: async (what) => {
      let job = '';
      await until(`${what} has a Job`, async () => {
        job = (await place.kubectl('get', what, '-o', 'jsonpath={.status.jobName}')).trim();
        return job !== '';
      });
      await podOf(job);
      return job;
    },
    succeed: async (job, message) => {
      await end(job, { phase: 'Succeeded', exitCode: 0, message });
      await place.kubectl('wait', `job/${job}`, '--for=condition=Complete', '--timeout=50s');
    },
    fail: async (job, message) => {
      await place.kubectl('wait', `job/${job}`, '--for=jsonpath={.status.startTime}', '--timeout=50s');
      await end(job, { phase: 'Failed', exitCode: 1, message });
      const reason = {
        reason: 'BackoffLimitExceeded',
        message: 'Job has reached the specified backoff limit',
      };
      // The Job controller does the rest.
      await setStatus(
        `job/${job}`,
        { conditions: [{ type: 'FailureTarget', status: 'True', ...reason }] },
        'strategic',
      );
      await place.kubectl('wait', `job/${job}`, '--for=condition=Failed', '--timeout=50s');
    },
  };
}

import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { ApiServer } from '../api-server.ts';
import { until } from '../owned-objects.ts';

const TARGETS = [
  '/api/v1/namespaces/metering/services/meter-portal',
  '/apis/networking.k8s.io/v1/namespaces/metering/ingresses/meter-web',
];
const PART_OF = 'app.kubernetes.io/part-of';

const labelsSchema = z.object({ metadata: z.object({ labels: z.record(z.string(), z.string()) }) });

async function isRight(api: ApiServer): Promise<boolean> {
  const answers = await Promise.all(TARGETS.map((path) => api.call('GET', path)));
  return answers.every(({ body }) => labelsSchema.parse(body).metadata.labels[PART_OF] === 'process-meter');
}

/** Somebody who changes by hand, again and again, what an operator puts right. */
export interface Drift {
  /** Changes so far. */
  readonly changes: number;
  /** Ends it, and waits until the last change was put right. */
  stop(): Promise<void>;
}

export function startDrift(api: ApiServer, everyMs = 100): Drift {
  let changes = 0;
  let isOver = false;
  const work = async (): Promise<void> => {
    while (!isOver) {
      for (const path of TARGETS) {
        const patch = { metadata: { labels: { [PART_OF]: `by-hand-${changes}` } } };
        // The API server may be away for a moment.
        const answer = await api.call('PATCH', path, patch).catch(() => undefined);
        if (answer?.status === 200) changes += 1;
      }
      await pause(everyMs);
    }
  };
  const working = work();
  return {
    get changes() {
      return changes;
    },
    stop: async () => {
      isOver = true;
      await working;
      await until('the last change by hand is put right', () => isRight(api));
    },
  };
}

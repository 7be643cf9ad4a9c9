import { readdirSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Appliance } from './appliance.ts';

const podsSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), uid: z.string() }),
      status: z.object({
        containerStatuses: z
          .array(
            z.object({ ready: z.boolean(), restartCount: z.number(), containerID: z.string().default('') }),
          )
          .default([]),
      }),
    }),
  ),
});

/** A container of a part, as kubelet has it. */
export interface Container {
  pod: string;
  /** As containerd names it. */
  id: string;
  ready: boolean;
  restarts: number;
}

/** The containers of a part. */
export async function containersOf(appliance: Appliance, component: string): Promise<Container[]> {
  const selector = `app.kubernetes.io/component=${component}`;
  const text = await appliance.kubectl('get', 'pods', '-l', selector, '-o', 'json');
  return podsSchema.parse(JSON.parse(text)).items.flatMap(({ metadata, status }) =>
    status.containerStatuses.map(({ ready, restartCount, containerID }) => ({
      pod: metadata.name,
      id: containerID.replace('containerd://', ''),
      ready,
      restarts: restartCount,
    })),
  );
}

/**
 * Kills every process of a container at once, as the kernel does when there is no memory left: nothing in it can say
 * goodbye. @returns how many processes there were
 */
export function killContainer({ id }: Container): number {
  const pids = processesOf(id);
  for (const pid of pids) kill(pid);
  return pids.length;
}

/** Processes of a container: the groups of processes carry its id. */
export function processesOf(id: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => groupsOf(pid).includes(id))
    .map(Number);
}

function groupsOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8');
  } catch {
    return '';
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone with its parent.
  }
}

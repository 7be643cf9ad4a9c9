import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Lab } from '@process-meter/e2e/lab';

const ROOT = join(import.meta.dirname, '../..');
const CHART = join(ROOT, 'charts/process-meter-operator');
const NAME = 'process-meter-operator';

/** An operator as a process beside the lab, with the rights of its chart and nothing more. */
export interface OperatorProcess {
  readonly pid: number;
  /** Lines of its log so far. */
  log(): readonly LogLine[];
  /** Resolves with the exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>;
  /** Ends it and waits until it has ended. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/**
 * Gives the operator of a namespace the account and the rights that the chart gives it, in the namespace that it looks
 * after. @returns its kubeconfig
 */
export async function grantRights(lab: Lab, namespace: string, watched = namespace): Promise<string> {
  const only = ['serviceaccount', 'rbac'].flatMap((file) => ['--show-only', `templates/${file}.yaml`]);
  const where = ['--namespace', namespace, '--set', `watchNamespaces={${watched}}`];
  await lab.apply(await lab.helm(4, ['template', NAME, CHART, ...where, ...only]));
  return lab.tokenKubeconfig({ namespace, name: NAME });
}

/** Starts an operator that looks after one namespace. Its times are short, so that a takeover takes a second. */
export function startOperator(
  { kubeconfig, namespace }: { kubeconfig: string; namespace: string },
  env: Readonly<Record<string, string>> = {},
): OperatorProcess {
  const child = spawn(process.execPath, [join(ROOT, 'operator/src/main.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env['PATH'],
      KUBECONFIG: kubeconfig,
      PM_NAMESPACE: namespace,
      PM_LEASE_NAME: NAME,
      PM_LEASE_MS: '3000',
      PM_PORT: '0',
      ...env,
    },
  });
  return processOf(child);
}

function processOf(child: ChildProcess): OperatorProcess {
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const ended = once(child, 'exit').then(([code]: unknown[]) => (typeof code === 'number' ? code : null));
  if (child.pid === undefined) throw new Error('the operator did not start');
  return {
    pid: child.pid,
    log: () => text.split('\n').flatMap(lineOf),
    ended,
    stop: (signal = 'SIGTERM') => {
      child.kill(signal);
      return ended;
    },
  };
}

/** The last line may be half written. */
function lineOf(text: string): LogLine[] {
  if (!text.endsWith('}')) return [];
  const line: LogLine = JSON.parse(text);
  return [line];
}

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LabOptions } from './lab.ts';

/** Where KWOK's rule for ready pods says since when they are. */
const SINCE = '{{ $now := Now }}';
const LONG_AGO = '{{ $now := "2020-01-01T00:00:00Z" }}';

/** Writes what KWOK is configured with: its own rules, with what the options change of them. @returns the file */
export function writeKwokConfiguration(
  folder: string,
  stages: string,
  {
    availableAtOnce = false,
    podLog,
    jobMessage,
  }: Pick<LabOptions, 'availableAtOnce' | 'podLog' | 'jobMessage'>,
): string {
  const rules = readFileSync(stages, 'utf8');
  const ready = availableAtOnce ? withPodsReadyForLong(rules) : rules;
  const documents = [jobMessage === undefined ? ready : withMessage(ready, jobMessage)];
  if (podLog !== undefined) {
    const logsFile = join(folder, 'pod.log');
    // As the container runtime writes it.
    writeFileSync(
      logsFile,
      podLog.map((line) => `2020-01-01T00:00:00.000000000Z stdout F ${line}\n`).join(''),
    );
    const metadata = { name: 'every-container' };
    const logs = { apiVersion: 'kwok.x-k8s.io/v1alpha1', kind: 'ClusterLogs', metadata };
    documents.push(JSON.stringify({ ...logs, spec: { logs: [{ logsFile, follow: false }] } }));
  }
  const file = join(folder, 'kwok.yaml');
  writeFileSync(file, documents.join('\n---\n'));
  return file;
}

/** A pod counts as available `minReadySeconds` after it got ready: here that is long ago. */
function withPodsReadyForLong(rules: string): string {
  return changedRule(rules, 'pod-ready', (rule) => rule.replace(SINCE, LONG_AGO));
}

/** How a pod of a Job ends. */
const COMPLETED = 'reason: Completed';

function withMessage(rules: string, message: string): string {
  const indent = ' '.repeat(12);
  const told = `${COMPLETED}\n${indent}message: ${JSON.stringify(message)}`;
  return changedRule(rules, 'pod-complete', (rule) => rule.replace(COMPLETED, told));
}

function changedRule(rules: string, name: string, change: (rule: string) => string): string {
  const changed = rules
    .split(/^---$/m)
    .map((text) => (new RegExp(`^ {2}name: ${name}$`, 'm').test(text) ? change(text) : text))
    .join('---');
  if (changed === rules) throw new Error(`the rules of KWOK have no ${name} of the form that is changed`);
  return changed;
}

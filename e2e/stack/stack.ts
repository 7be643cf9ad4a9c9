import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from '@playwright/test';
import { freePort, startXServer, supervise } from '@process-meter/local';
import { managerClient, type ManagerClient } from './manager-client.ts';
import { signIn } from './sign-in.ts';

const MAIN = fileURLToPath(new URL('../../local/src/main.ts', import.meta.url));
const READY_MS = 45_000;

export interface Stack {
  /** Folder of its own for state and documents. */
  dir: string;
  display: string;
  portal: string;
  password: string;
  databaseUrl: string;
  /** Process of the appliance; its parts are its descendants. */
  pid: number;
  manager: ManagerClient;
  signIn(page: Page): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the appliance with its agent on a fresh X display, in a state folder of its own. */
export async function startStack(): Promise<Stack> {
  const dir = mkdtempSync(join(tmpdir(), 'pm-e2e-'));
  const x = await startXServer();
  const portalPort = await freePort();
  const args = ['--data', dir, '--no-demo', '--display', x.display, '--portal-port', String(portalPort)];
  const appliance = await supervise(process.execPath, [MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const stop = async (): Promise<void> => {
    await appliance.stop('SIGTERM', 15_000);
    await x.stop();
    rmSync(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 300 });
  };
  try {
    const output = await announcement(appliance.child.stdout, appliance.ended);
    const password = /Password +(\S+)/.exec(output)?.[1] ?? '';
    const ports = JSON.parse(readFileSync(join(dir, 'ports.json'), 'utf8'));
    const databasePassword = readFileSync(join(dir, 'postgres.password'), 'utf8').trim();
    const portal = `http://localhost:${portalPort}`;
    return {
      dir,
      display: x.display,
      portal,
      password,
      databaseUrl: `postgres://processmeter:${databasePassword}@127.0.0.1:${ports.postgres}/processmeter`,
      pid: appliance.pid,
      manager: await managerClient(`http://127.0.0.1:${ports.manager}`, password),
      signIn: (page) => signIn(page, portal, { password }),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function announcement(stdout: NodeJS.ReadableStream | null, ended: Promise<unknown>): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = '';
    const fail = (why: string): void => reject(new Error(`the appliance ${why}:\n${output}`));
    const timer = setTimeout(() => fail('is not ready'), READY_MS);
    void ended.then(() => fail('ended'));
    stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8');
      if (!output.includes('Ctrl-C stops everything')) return;
      clearTimeout(timer);
      resolve(output);
    });
  });
}

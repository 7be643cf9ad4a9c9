import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { binariesAreReady, ensureBinaries } from '@process-meter/e2e/lab';
import { freePort, supervise } from '@process-meter/local';

/** An S3 server that checks signatures and checksums, with an empty bucket `backups`. */
export interface S3Server {
  port: number;
  /** What its only account is known by, in the environment of a program. */
  credentials: { AWS_ACCESS_KEY_ID: string; AWS_SECRET_ACCESS_KEY: string };
  stop(): Promise<void>;
}

export const BUCKET = 'backups';

/** @param certificate PEM; without one it speaks HTTP */
export async function startS3Server(certificate?: { cert: string; key: string }): Promise<S3Server> {
  if (!binariesAreReady()) throw new Error('the S3 server is not built: node e2e/lab/cli.ts build');
  const command = (await ensureBinaries()).path('versitygw');
  const folder = mkdtempSync(join(tmpdir(), 'pm-s3-'));
  const [objects, attributes] = [join(folder, 'objects'), join(folder, 'attributes')];
  mkdirSync(join(objects, BUCKET), { recursive: true });
  mkdirSync(attributes);
  const credentials = { AWS_ACCESS_KEY_ID: 'meter', AWS_SECRET_ACCESS_KEY: 'a secret of the tests' };
  const port = await freePort();
  const server = await supervise(
    command,
    [
      ...tls(folder, certificate),
      '--port',
      `127.0.0.1:${port}`,
      '--quiet',
      'posix',
      '--sidecar',
      attributes,
      objects,
    ],
    {
      env: {
        ...process.env,
        ROOT_ACCESS_KEY: credentials.AWS_ACCESS_KEY_ID,
        ROOT_SECRET_KEY: credentials.AWS_SECRET_ACCESS_KEY,
      },
    },
  );
  await listening(port);
  return {
    port,
    credentials,
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

function tls(folder: string, certificate: { cert: string; key: string } | undefined): string[] {
  if (certificate === undefined) return [];
  return Object.entries(certificate).flatMap(([name, pem]) => {
    const file = join(folder, name);
    writeFileSync(file, pem, { mode: 0o600 });
    return [`--${name}`, file];
  });
}

async function listening(port: number): Promise<void> {
  for (const end = Date.now() + 10_000; Date.now() < end; await pause(50)) if (await accepts(port)) return;
  throw new Error('the S3 server does not listen after 10 s');
}

async function accepts(port: number): Promise<boolean> {
  const socket = createConnection(port, '127.0.0.1');
  const isOpen = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  });
  socket.destroy();
  return isOpen;
}

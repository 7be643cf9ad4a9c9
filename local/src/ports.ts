import { createServer } from 'node:net';

/** A TCP port that is free now on loopback. Given `wanted`, that one if it is free, else another. */
export async function freePort(wanted?: number): Promise<number> {
  if (wanted !== undefined) {
    const port = await listenOnce(wanted).catch(() => undefined);
    if (port !== undefined) return port;
  }
  return listenOnce(0);
}

function listenOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      const got = typeof address === 'object' && address !== null ? address.port : port;
      server.close(() => resolve(got));
    });
  });
}

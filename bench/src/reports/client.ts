import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Answer of the HTTP API and how long it took to the last byte, as a caller sees it. */
export interface Timed {
  ms: number;
  body: string;
}

export type Ask = (path: string) => Promise<Timed>;

/** Signs in as the first administrator. @param dir folder of the servers */
export async function signIn(dir: string, url: string): Promise<Ask> {
  const api = `${url}/api/v1/`;
  const password = readFileSync(join(dir, 'admin-password'), 'utf8').trim();
  const entered = await fetch(`${api}sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ account: 'default', login: 'admin', password }),
  });
  const cookie = (entered.headers.getSetCookie()[0] ?? '').split(';')[0] ?? '';
  await entered.body?.cancel();
  return async (path) => {
    const began = performance.now();
    const answer = await fetch(api + path, { headers: { cookie } });
    const body = await answer.text();
    const ms = performance.now() - began;
    if (!answer.ok) throw new Error(`GET ${path}: ${answer.status} ${body}`);
    return { ms, body };
  };
}

import { firstStart } from '../access/index.ts';
import { PresenceKeeper } from '../agents/index.ts';
import { buildApp, type AppDeps } from '../app.ts';
import { compose } from '../compose.ts';
import { connectHub, noHub, type Hub } from '../hub/index.ts';
import { createLog } from '../log.ts';
import { createMetrics } from '../metrics.ts';
import { initSecrets, readSecrets, type Secrets } from '../nats-trust/index.ts';
import type { App } from '../plugins/index.ts';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testDatabase, type TestDatabase } from './template-db.ts';

export const PASSWORD = 'correct horse battery';
/** What the operator shows. */
export const SERVICE_TOKEN = 'a-token-of-the-operator-in-a-test';
type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export interface Answer {
  status: number;
  /** Parsed JSON, or undefined for another body. */
  json: ReturnType<typeof JSON.parse>;
  text: string;
  headers: Record<string, unknown>;
}

export interface TestApi {
  database: TestDatabase;
  app: App;
  deps: AppDeps;
  secrets: Secrets;
  presence: PresenceKeeper;
  account: number;
  /** As the signed-in administrator of the account `default`. */
  call(method: Method, path: string, body?: object): Promise<Answer>;
  /** Exactly as given: without cookie or token. */
  raw(
    method: Method,
    path: string,
    options?: { body?: string | Buffer; headers?: Record<string, string> },
  ): Promise<Answer>;
  /** Headers of a new session of the administrator: cookie and anti-forgery token. */
  session(): Promise<Record<string, string>>;
  /** Another account with its own administrator; returns what `call` is for it. */
  otherAccount(slug: string): Promise<TestApi['call']>;
  close(): Promise<void>;
}

export interface TestApiOptions {
  /** A real NATS server and the secrets it trusts. */
  nats?: { url: string; secrets: Secrets };
  /** Authorities that agents trust it by. */
  authorities?: readonly string[];
  database?: TestDatabase;
  /** In place of a NATS server. */
  hub?: Hub;
  clock?: () => number;
}

/** The whole HTTP API on a real database, and on a real NATS server when one is given. */
export async function testApi(postgresUrl: string, options: TestApiOptions = {}): Promise<TestApi> {
  const dir = mkdtempSync(join(tmpdir(), 'pm-api-'));
  writeFileSync(join(dir, 'password'), PASSWORD);
  const database = options.database ?? (await testDatabase(postgresUrl));
  const { db, pool } = database;
  await firstStart({ db, zone: 'UTC', passwordFile: join(dir, 'password'), print: () => undefined });
  const log = createLog('test', 'silent');
  const secrets = options.nats?.secrets ?? (initSecrets(dir, Date.now()), readSecrets(dir));
  const natsUrl = options.nats?.url ?? 'nats://127.0.0.1:1';
  const hub =
    options.nats === undefined
      ? (options.hub ?? noHub())
      : connectHub({ servers: natsUrl, credentials: secrets.manager, log });
  const deps = compose({
    db,
    pool,
    hub,
    secrets,
    natsUrl,
    publicNatsUrls: [natsUrl],
    authorities: options.authorities ?? [],
    trustedProxies: ['127.0.0.1'],
    serviceToken: SERVICE_TOKEN,
    metrics: createMetrics('test'),
    clock: options.clock ?? Date.now,
    log,
  });
  const presence = new PresenceKeeper(deps);
  hub.onPresence((message) => presence.hear(message));
  const app = await buildApp({ ...deps, checksLargeAnswers: true });
  const raw: TestApi['raw'] = async (method, path, { body, headers } = {}) => {
    const answer = await app.inject({
      method,
      url: path.startsWith('/') ? path : `/api/v1/${path}`,
      ...(body === undefined ? {} : { payload: body }),
      ...(headers === undefined ? {} : { headers }),
    });
    const isJson = String(answer.headers['content-type']).includes('json');
    return {
      status: answer.statusCode,
      text: answer.body,
      json: isJson ? answer.json() : undefined,
      headers: answer.headers,
    };
  };
  const { rows } = await pool.query<{ id: number }>(`select id from account where slug = 'default'`);
  return {
    database,
    app,
    deps,
    secrets,
    presence,
    account: rows[0]!.id,
    raw,
    call: await signedIn(raw, 'default'),
    session: () => newSession(raw, 'default'),
    async otherAccount(slug) {
      await pool.query(
        `with a as (insert into account (slug, name, hash_key) values ($1, $1, 'another-hash-key') returning id)
         insert into login (account_id, name, password_hash)
         select a.id, 'admin', l.password_hash from a, login l where l.account_id = $2`,
        [slug, rows[0]!.id],
      );
      return signedIn(raw, slug);
    },
    async close() {
      await app.close();
      deps.board.stop();
      deps.configPush.stop();
      await presence.stop();
      await hub.close();
      rmSync(dir, { recursive: true });
      if (options.database === undefined) await database.drop();
    },
  };
}

const json = { 'content-type': 'application/json' };

async function newSession(raw: TestApi['raw'], account: string): Promise<Record<string, string>> {
  const body = JSON.stringify({ account, login: 'admin', password: PASSWORD });
  const answer = await raw('POST', 'sign-in', { body, headers: json });
  const cookie = String(answer.headers['set-cookie']).split(';')[0]!;
  return { cookie, 'x-csrf-token': String(answer.json.csrfToken) };
}

async function signedIn(raw: TestApi['raw'], account: string): Promise<TestApi['call']> {
  const headers = await newSession(raw, account);
  return (method, path, sent) =>
    sent === undefined
      ? raw(method, path, { headers })
      : raw(method, path, { body: JSON.stringify(sent), headers: { ...headers, ...json } });
}

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import {
  createTrust,
  generateDownSecret,
  generateNkey,
  mintAccountJwt,
  mintOperatorJwt,
  mintUserJwt,
  natsTrustConf,
  nkeyFromSeed,
  serviceRights,
  type Nkey,
  type Rights,
} from '@process-meter/contract';
import { z } from 'zod';

/** Folder, relative to the NATS configuration, in which the server keeps account JWTs and revocations. */
const JWT_DIR = './jwt';
/** All the Manager asks of the system account: hand a newer account JWT to the servers. */
const SYSTEM_RIGHTS: Rights = {
  publish: ['$SYS.REQ.CLAIMS.UPDATE'],
  subscribe: ['_INBOX_manager-system.>'],
};

const credentialsSchema = z.object({ jwt: z.string(), seed: z.string() });
const masterMacSchema = z.object({ kid: z.string(), key: z.string() });
const downKeySchema = z.object({ kid: z.string(), secret: z.string() });
export type Credentials = z.infer<typeof credentialsSchema>;

/** What the Manager reads from its secrets folder. Held in memory, never logged. */
export interface Secrets {
  operator: Nkey;
  account: Nkey;
  manager: Credentials;
  system: Credentials;
  masterMac: { kid: string; key: Buffer };
  downManager: { kid: string; secret: string };
  downIngest: { kid: string; secret: string };
}

/**
 * Writes the secrets of one installation, each file 0600. Idempotent: what is there stays, what is missing is made,
 * so a run that was cut off half-way is finished by the next. @returns names of the files it made
 */
export function initSecrets(dir: string, now: number): string[] {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const made: string[] = [];
  const keep = (name: string, make: () => string): string => {
    const path = join(dir, name);
    if (existsSync(path)) return readFileSync(path, 'utf8').trim();
    const text = make();
    // Renamed into place: a reader or the next run never sees half a secret.
    writeFileSync(`${path}.new`, `${text}\n`, { mode: 0o600 });
    renameSync(`${path}.new`, path);
    made.push(name);
    return text;
  };
  const keys = keepTrust(keep, now);
  const account = nkeyFromSeed(keys.accountSeed);
  const service = (name: string, signer: Nkey, rights: Rights): string =>
    keep(`${name}.creds.json`, () => JSON.stringify(newCredentials(signer, { name, rights }, now)));
  service('manager', account, serviceRights('manager'));
  service('ingest', account, serviceRights('ingest'));
  service('system', nkeyFromSeed(keys.systemSeed), SYSTEM_RIGHTS);
  keep('master-mac.json', () =>
    JSON.stringify({ kid: newKid('mac'), key: randomBytes(32).toString('base64url') }),
  );
  for (const name of ['manager', 'ingest'])
    keep(`down-${name}.key`, () => JSON.stringify({ kid: newKid(name), secret: generateDownSecret() }));
  return made;
}

type Keep = (name: string, make: () => string) => string;

function keepTrust(keep: Keep, now: number): { accountSeed: string; systemSeed: string } {
  // One set belongs together: it is made as a whole, and the parts already there win.
  const fresh = createTrust(now);
  const operatorSeed = keep('operator.nk', () => fresh.operator.seed);
  const accountSeed = keep('account.nk', () => fresh.account.seed);
  const systemSeed = keep('system-account.nk', () => fresh.systemAccount.seed);
  const keys = {
    operator: nkeyFromSeed(operatorSeed),
    account: nkeyFromSeed(accountSeed),
    systemAccount: nkeyFromSeed(systemSeed),
  };
  const jwts = {
    operatorJwt: keep('operator.jwt', () =>
      mintOperatorJwt(keys.operator, keys.systemAccount.publicKey, now),
    ),
    accountJwt: keep('account.jwt', () => appAccountJwt(keys.operator, keys.account, now)),
    systemAccountJwt: keep('system.jwt', () =>
      mintAccountJwt(
        keys.operator,
        { publicKey: keys.systemAccount.publicKey, name: 'system', jetStream: false },
        now,
      ),
    ),
  };
  keep('nats-trust.conf', () =>
    natsTrustConf({ ...jwts, account: keys.account, systemAccount: keys.systemAccount }, JWT_DIR),
  );
  return { accountSeed, systemSeed };
}

/** The account JWT of the appliance. @param revoked see `mintAccountJwt` */
export function appAccountJwt(
  operator: Nkey,
  account: Nkey,
  now: number,
  revoked: ReadonlyMap<string, number> = new Map(),
): string {
  return mintAccountJwt(
    operator,
    { publicKey: account.publicKey, name: 'process-meter', jetStream: true, revoked },
    now,
  );
}

function newCredentials(signer: Nkey, user: { name: string; rights: Rights }, now: number): Credentials {
  const key = generateNkey('user');
  return { jwt: mintUserJwt(signer, { ...user, publicKey: key.publicKey }, now), seed: key.seed };
}

/** Key ids name a key in messages and logs; they are no secret. */
function newKid(purpose: string): string {
  return `${purpose}-${randomBytes(4).toString('hex')}`;
}

/** Reads the secrets folder. @throws when a file is missing or damaged, naming the file only */
export function readSecrets(dir: string): Secrets {
  const text = (name: string): string => {
    try {
      return readFileSync(join(dir, name), 'utf8').trim();
    } catch (cause) {
      throw new Error(`cannot read ${name}: run \`manager trust init --dir ${dir}\``, { cause });
    }
  };
  const json = <T>(name: string, schema: z.ZodType<T>): T => {
    const parsed = schema.safeParse(parseJson(text(name)));
    if (!parsed.success) throw new Error(`${name} in ${dir} is damaged`);
    return parsed.data;
  };
  const mac = json('master-mac.json', masterMacSchema);
  return {
    operator: nkeyFromSeed(text('operator.nk')),
    account: nkeyFromSeed(text('account.nk')),
    manager: json('manager.creds.json', credentialsSchema),
    system: json('system.creds.json', credentialsSchema),
    masterMac: { kid: mac.kid, key: Buffer.from(mac.key, 'base64url') },
    downManager: json('down-manager.key', downKeySchema),
    downIngest: json('down-ingest.key', downKeySchema),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

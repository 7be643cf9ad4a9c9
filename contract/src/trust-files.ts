import { randomBytes } from 'node:crypto';
import { generateDownSecret } from './down.ts';
import {
  createTrust,
  mintAccountJwt,
  mintOperatorJwt,
  mintUserJwt,
  natsTrustConf,
  serviceRights,
  type Rights,
} from './nats-jwt.ts';
import { generateNkey, nkeyFromSeed, type Nkey } from './nkey.ts';

/** Folder, relative to the NATS configuration, in which the server keeps account JWTs and revocations. */
const JWT_DIR = './jwt';
/** All the Manager asks of the system account: hand a newer account JWT to the servers. */
const SYSTEM_RIGHTS: Rights = {
  publish: ['$SYS.REQ.CLAIMS.UPDATE'],
  subscribe: ['_INBOX_manager-system.>'],
};

/** Which of the files each process reads: nobody is given a key that it does not use. */
export const TRUST_FILES = {
  nats: ['nats-trust.conf'],
  manager: [
    'operator.nk',
    'account.nk',
    'manager.creds.json',
    'system.creds.json',
    'master-mac.json',
    'down-manager.key',
    'down-ingest.key',
  ],
  ingest: ['ingest.creds.json', 'master-mac.json', 'down-ingest.key'],
} as const;

/** Answers the content of a file that is there, else keeps and answers what `make` gives. */
export type KeepTrustFile = (name: string, make: () => string) => string;

/**
 * The keys and rights of one installation as files: those of NATS, of the services, and those that sign what goes down
 * to agents. What is there stays, what is missing is made. @param now ms UTC
 */
export function completeTrustFiles(keep: KeepTrustFile, now: number): void {
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
}

function keepTrust(keep: KeepTrustFile, now: number): { accountSeed: string; systemSeed: string } {
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

function newCredentials(
  signer: Nkey,
  user: { name: string; rights: Rights },
  now: number,
): { jwt: string; seed: string } {
  const key = generateNkey('user');
  return { jwt: mintUserJwt(signer, { ...user, publicKey: key.publicKey }, now), seed: key.seed };
}

/** Key ids name a key in messages and logs; they are no secret. */
function newKid(purpose: string): string {
  return `${purpose}-${randomBytes(4).toString('hex')}`;
}

import { createHash } from 'node:crypto';
import { base32Encode, generateNkey, type Nkey } from './nkey.ts';
import {
  configDirectGetSubject,
  downSubject,
  inboxPrefix,
  INGEST_CONSUMER,
  KV_CONFIG,
  presenceSubject,
  recordSubject,
  STREAM_RECORDS,
} from './subjects.ts';

/**
 * NATS decentralised trust (JWT v2, `ed25519-nkey`): an operator vouches for accounts, an account for users.
 * The server alone decides a connect, so agents reconnect while the Manager is down (architecture.md).
 */
export interface Rights {
  publish: readonly string[];
  subscribe: readonly string[];
}

/**
 * All an agent may do (nats-rights.md): publish its records and presence, read its own configuration key directly,
 * subscribe its own inbox and its own downward subject. No consumer right, no wildcard over others.
 */
export function agentRights(account: string, agent: string): Rights {
  return {
    publish: [
      recordSubject(account, agent),
      presenceSubject(account, agent),
      configDirectGetSubject(account, agent),
    ],
    subscribe: [`${inboxPrefix(agent)}.>`, downSubject(account, agent)],
  };
}

/** Rights of the two services. Ingest reads one stream through one consumer; only the Manager makes streams and keys. */
export function serviceRights(service: 'manager' | 'ingest'): Rights {
  if (service === 'manager') {
    return {
      publish: ['$JS.API.>', `$KV.${KV_CONFIG}.>`, 'down.*.*'],
      subscribe: [`${inboxPrefix('manager')}.>`, 'hb.*.*'],
    };
  }
  return {
    publish: [
      '$JS.API.INFO',
      `$JS.API.STREAM.INFO.${STREAM_RECORDS}`,
      `$JS.API.CONSUMER.*.${STREAM_RECORDS}.${INGEST_CONSUMER}`,
      `$JS.API.CONSUMER.*.${STREAM_RECORDS}.${INGEST_CONSUMER}.>`,
      `$JS.API.CONSUMER.DURABLE.CREATE.${STREAM_RECORDS}.${INGEST_CONSUMER}`,
      `$JS.API.CONSUMER.MSG.NEXT.${STREAM_RECORDS}.${INGEST_CONSUMER}`,
      `$JS.ACK.${STREAM_RECORDS}.${INGEST_CONSUMER}.>`,
      'down.*.*',
    ],
    subscribe: [`${inboxPrefix('ingest')}.>`],
  };
}

/** Mints a user JWT. @param expiresAt ms UTC, or undefined for a service whose user is revoked, not expired */
export function mintUserJwt(
  account: Nkey,
  user: { publicKey: string; name: string; rights: Rights; expiresAt?: number },
  now: number,
): string {
  return mint(account, now, {
    sub: user.publicKey,
    name: user.name,
    ...(user.expiresAt === undefined ? {} : { exp: Math.floor(user.expiresAt / 1000) }),
    nats: {
      type: 'user',
      version: 2,
      pub: { allow: user.rights.publish },
      sub: { allow: user.rights.subscribe },
      subs: -1,
      data: -1,
      payload: -1,
    },
  });
}

/**
 * Mints an account JWT with JetStream allowed.
 * @param revoked public user keys and the instant (ms UTC) before which their JWTs are void
 */
export function mintAccountJwt(
  operator: Nkey,
  account: { publicKey: string; name: string; jetStream: boolean; revoked?: ReadonlyMap<string, number> },
  now: number,
): string {
  const storage = account.jetStream ? -1 : 0;
  const revocations = Object.fromEntries(
    [...(account.revoked ?? [])].map(([key, at]) => [key, Math.floor(at / 1000)]),
  );
  return mint(operator, now, {
    sub: account.publicKey,
    name: account.name,
    nats: {
      type: 'account',
      version: 2,
      limits: {
        subs: -1,
        data: -1,
        payload: -1,
        imports: -1,
        exports: -1,
        wildcards: true,
        conn: -1,
        leaf: -1,
        mem_storage: storage,
        disk_storage: storage,
        streams: storage,
        consumer: storage,
      },
      default_permissions: { pub: {}, sub: {} },
      ...(account.revoked === undefined ? {} : { revocations }),
    },
  });
}

/** Mints the self-signed operator JWT that names the system account. */
export function mintOperatorJwt(operator: Nkey, systemAccount: string, now: number): string {
  return mint(operator, now, {
    sub: operator.publicKey,
    name: 'process-meter',
    nats: { type: 'operator', version: 2, system_account: systemAccount },
  });
}

export interface Trust {
  operator: Nkey;
  account: Nkey;
  systemAccount: Nkey;
  operatorJwt: string;
  accountJwt: string;
  systemAccountJwt: string;
}

/** New keys and JWTs for one NATS installation: operator, the appliance's account and the system account. */
export function createTrust(now: number): Trust {
  const operator = generateNkey('operator');
  const account = generateNkey('account');
  const systemAccount = generateNkey('account');
  return {
    operator,
    account,
    systemAccount,
    operatorJwt: mintOperatorJwt(operator, systemAccount.publicKey, now),
    accountJwt: mintAccountJwt(
      operator,
      { publicKey: account.publicKey, name: 'process-meter', jetStream: true },
      now,
    ),
    systemAccountJwt: mintAccountJwt(
      operator,
      { publicKey: systemAccount.publicKey, name: 'system', jetStream: false },
      now,
    ),
  };
}

/**
 * The part of a NATS server configuration that sets up this trust. Account JWTs are kept in `jwtDir`, so that a
 * revocation pushed by the Manager survives a restart of the server.
 */
export function natsTrustConf(
  trust: {
    operatorJwt: string;
    accountJwt: string;
    systemAccountJwt: string;
    account: { publicKey: string };
    systemAccount: { publicKey: string };
  },
  jwtDir: string,
): string {
  return [
    `operator: ${trust.operatorJwt}`,
    `system_account: ${trust.systemAccount.publicKey}`,
    `resolver: { type: full, dir: ${JSON.stringify(jwtDir)}, allow_delete: false, interval: "2m" }`,
    'resolver_preload: {',
    `  ${trust.account.publicKey}: ${trust.accountJwt}`,
    `  ${trust.systemAccount.publicKey}: ${trust.systemAccountJwt}`,
    '}',
    '',
  ].join('\n');
}

function mint(issuer: Nkey, now: number, claims: Record<string, unknown>): string {
  const body = { iat: Math.floor(now / 1000), iss: issuer.publicKey, ...claims };
  const jti = base32Encode(createHash('sha512-256').update(JSON.stringify(body)).digest());
  const head = encode({ typ: 'JWT', alg: 'ed25519-nkey' });
  const payload = encode({ jti, ...body });
  const signature = issuer.sign(Buffer.from(`${head}.${payload}`)).toString('base64url');
  return `${head}.${payload}.${signature}`;
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

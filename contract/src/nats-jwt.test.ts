import { expect, test } from 'vitest';
import { agentRights, createTrust, mintAccountJwt, mintUserJwt, serviceRights } from './nats-jwt.ts';
import { generateNkey, nkeyVerifies } from './nkey.ts';

const NOW = Date.UTC(2026, 10, 20, 8);
const AGENT = 'abcdefgh2345';

function read(jwt: string): { claims: Record<string, unknown>; signedBy: (key: string) => boolean } {
  const [head, payload, signature] = jwt.split('.');
  return {
    claims: JSON.parse(Buffer.from(payload!, 'base64url').toString()) as Record<string, unknown>,
    signedBy: (key) =>
      nkeyVerifies(key, Buffer.from(`${head}.${payload}`), Buffer.from(signature!, 'base64url')),
  };
}

test('the operator vouches for itself and for both accounts', () => {
  const trust = createTrust(NOW);
  for (const jwt of [trust.operatorJwt, trust.accountJwt, trust.systemAccountJwt])
    expect(read(jwt).signedBy(trust.operator.publicKey)).toBe(true);
  expect(read(trust.operatorJwt).claims).toMatchObject({
    iss: trust.operator.publicKey,
    sub: trust.operator.publicKey,
    iat: NOW / 1000,
    nats: { system_account: trust.systemAccount.publicKey },
  });
  expect(read(trust.systemAccountJwt).claims).toMatchObject({
    nats: { limits: { streams: 0, disk_storage: 0 } },
  });
});

test('a user JWT is signed by its account, names its rights and its end', () => {
  const { account, operator } = createTrust(NOW);
  const user = generateNkey('user');
  const rights = agentRights('default', AGENT);
  const end = NOW + 3_600_000;
  const jwt = read(
    mintUserJwt(account, { publicKey: user.publicKey, name: AGENT, rights, expiresAt: end }, NOW),
  );
  expect(jwt.signedBy(account.publicKey)).toBe(true);
  expect(jwt.signedBy(operator.publicKey)).toBe(false);
  expect(jwt.claims).toMatchObject({
    sub: user.publicKey,
    exp: end / 1000,
    nats: { type: 'user', pub: { allow: rights.publish }, sub: { allow: rights.subscribe } },
  });
});

test('a user without an end has no exp', () => {
  const { account } = createTrust(NOW);
  const rights = serviceRights('ingest');
  const { publicKey } = generateNkey('user');
  expect(read(mintUserJwt(account, { publicKey, name: 'ingest', rights }, NOW)).claims).not.toHaveProperty(
    'exp',
  );
});

test('an account JWT lists the revoked users by second', () => {
  const { account, operator } = createTrust(NOW);
  const user = generateNkey('user').publicKey;
  const wanted = {
    publicKey: account.publicKey,
    name: 'a',
    jetStream: true,
    revoked: new Map([[user, NOW]]),
  };
  expect(read(mintAccountJwt(operator, wanted, NOW)).claims).toMatchObject({
    nats: { revocations: { [user]: NOW / 1000 } },
  });
});

test('every right of an agent names that agent alone', () => {
  const { publish, subscribe } = agentRights('default', AGENT);
  for (const subject of [...publish, ...subscribe]) expect(subject).toContain(AGENT);
  for (const subject of publish) expect(subject).not.toMatch(/[*>]/);
  expect(subscribe.filter((subject) => /[*>]/.test(subject))).toEqual([`_INBOX_${AGENT}.>`]);
});

test('ingest makes no stream, writes no key and publishes no record', () => {
  const { publish } = serviceRights('ingest');
  expect(
    publish.filter((subject) =>
      /^(rec|hb|\$KV)\.|STREAM\.(CREATE|UPDATE|DELETE|PURGE)|^\$JS\.API\.>/.test(subject),
    ),
  ).toEqual([]);
});

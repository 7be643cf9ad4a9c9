import type { AuditEntry } from '@process-meter/e2e/lab';
import { expect, test } from 'vitest';
import { leaseHistory } from './lease-history.ts';

const LEASE = { name: 'operator', leaseMs: 2000 };

const entry = (at: number, credential: string, resource: string, code = 200): AuditEntry => ({
  auditID: String(at),
  verb: 'update',
  requestURI: `/${resource}/operator`,
  user: {
    username: 'system:serviceaccount:metering:operator',
    extra: { 'authentication.kubernetes.io/credential-id': [credential] },
  },
  userAgent: '',
  objectRef: {
    apiGroup: '',
    apiVersion: '',
    resource,
    subresource: '',
    namespace: 'metering',
    name: 'operator',
  },
  responseStatus: { code },
  requestReceivedTimestamp: `2026-01-01T00:00:0${Math.floor(at / 1000)}.${String(at % 1000).padStart(3, '0')}000Z`,
});

test('writes of who holds the lease are right, whatever order they were logged in', () => {
  const { trespasses, turns } = leaseHistory(
    [entry(100, 'a', 'services'), entry(0, 'a', 'leases'), entry(1900, 'a', 'services')],
    LEASE,
  );
  expect(trespasses).toEqual([]);
  expect(turns).toEqual([{ credential: 'a', from: '2026-01-01T00:00:00.000000Z', writes: 2 }]);
});

test('a write before any lease, after another took it, and after it ran out is told', () => {
  const { trespasses, turns } = leaseHistory(
    [
      entry(0, 'a', 'services'),
      entry(10, 'a', 'leases'),
      // Refused: it changed nothing.
      entry(20, 'b', 'leases', 409),
      entry(30, 'a', 'services'),
      entry(3100, 'a', 'services'),
      entry(4000, 'b', 'leases'),
      entry(4001, 'a', 'services'),
      entry(4002, 'b', 'services'),
    ],
    LEASE,
  );
  expect(trespasses.map((line) => line.slice(20))).toEqual([
    '000000Z update /services/operator of a: nobody held the lease',
    '100000Z update /services/operator of a: its lease was 3090 ms old',
    '001000Z update /services/operator of a: b held the lease',
  ]);
  expect(turns.map(({ credential, writes }) => [credential, writes])).toEqual([
    ['a', 2],
    ['b', 1],
  ]);
});

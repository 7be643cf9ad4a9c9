import { expect, test } from 'vitest';
import { readConfig } from './config.ts';

test('without settings the operator looks after its own namespace and takes part in an election', () => {
  expect(readConfig({})).toMatchObject({
    namespace: 'default',
    watched: 'default',
    leader: { name: 'process-meter-operator', leaseMs: 15_000 },
    silenceMs: 90_000,
  });
  expect(readConfig({ PM_NAMESPACE: 'metering' }).watched).toBe('metering');
});

test('one namespace that it is told to look after wins, two are refused by name', () => {
  expect(readConfig({ PM_NAMESPACE: 'a', PM_WATCH_NAMESPACES: 'b' })).toMatchObject({
    namespace: 'a',
    watched: 'b',
  });
  expect(() => readConfig({ PM_WATCH_NAMESPACES: 'a,b' })).toThrow('PM_WATCH_NAMESPACES');
});

test('an election can be switched off, and what is wrong is named', () => {
  expect(readConfig({ PM_LEADER_ELECTION: 'false' }).leader).toBeUndefined();
  expect(() => readConfig({ PM_LEADER_ELECTION: 'no', PM_PORT: '-1' })).toThrow(
    /PM_LEADER_ELECTION[\s\S]*PM_PORT|PM_PORT[\s\S]*PM_LEADER_ELECTION/,
  );
});

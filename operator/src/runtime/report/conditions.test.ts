import { expect, test } from 'vitest';
import { setConditions, summaryConditions } from './conditions.ts';

const at = (seconds: number) => Date.UTC(2026, 0, 1, 0, 0, seconds, 500);

test('the time of a condition moves with its status only; an equal state gives an equal list', () => {
  const ready = { type: 'Ready', status: 'False', reason: 'Waiting', message: 'for the database' } as const;
  const first = setConditions([], [ready], { generation: 1, now: at(1) });
  expect(first).toEqual([{ ...ready, observedGeneration: 1, lastTransitionTime: '2026-01-01T00:00:01Z' }]);
  expect(setConditions(first, [ready], { generation: 1, now: at(9) })).toEqual(first);
  const reworded = setConditions(first, [{ ...ready, reason: 'Migrating' }], { generation: 2, now: at(9) });
  expect(reworded[0]).toMatchObject({
    reason: 'Migrating',
    observedGeneration: 2,
    lastTransitionTime: '2026-01-01T00:00:01Z',
  });
  const turned = setConditions(reworded, [{ ...ready, status: 'True' }], { generation: 2, now: at(9) });
  expect(turned[0]!.lastTransitionTime).toBe('2026-01-01T00:00:09Z');
});

test('conditions that are not named stay, and the order does not change', () => {
  const list = setConditions([], [...summaryConditions({ state: 'ready', reason: 'Done', message: '' })], {
    generation: 1,
    now: at(1),
  });
  const next = setConditions(list, [{ type: 'Ready', status: 'Unknown', reason: 'X', message: '' }], {
    generation: 1,
    now: at(2),
  });
  expect(next.map(({ type }) => type)).toEqual(['Ready', 'Reconciling', 'Stalled']);
});

test.each([
  ['ready', ['True', 'False', 'False']],
  ['reconciling', ['False', 'True', 'False']],
  ['stalled', ['False', 'False', 'True']],
] as const)('%s: Ready, Reconciling and Stalled as kstatus reads them', (state, expected) => {
  const conditions = summaryConditions({ state, reason: 'Because', message: 'so' });
  expect(conditions.map(({ status }) => status)).toEqual(expected);
});

import type { SessionDetail } from '@process-meter/contract';
import { describe, expect, it } from 'vitest';
import { sessionChanges, stepChange } from './changes.ts';

const segment = (from: number, to: number, state: 'active' | 'inactive' | 'timeout', cause: string) => ({
  from,
  to,
  state,
  cause,
  open: false,
});
const session = {
  documentList: [
    {
      id: 'a',
      name: 'plan',
      opened: 0,
      closed: 50,
      closeCause: 'closed',
      segments: [
        segment(0, 10, 'active', 'opened'),
        segment(10, 30, 'inactive', 'noInput'),
        segment(30, 50, 'inactive', 'cut'),
      ],
    },
    {
      id: 'b',
      name: 'section',
      opened: 5,
      closed: null,
      closeCause: null,
      segments: [segment(5, 60, 'active', 'opened')],
    },
  ],
} as unknown as Pick<SessionDetail, 'documentList'>;

describe('changes of a session', () => {
  const changes = sessionChanges(session);
  it('are in the order of time and end with the closing', () => {
    expect(changes.map((change) => [change.at, change.name, change.before, change.after])).toEqual([
      [0, 'plan', 'opened', 'active'],
      [5, 'section', 'opened', 'active'],
      [10, 'plan', 'active', 'inactive'],
      [50, 'plan', 'inactive', 'closed'],
    ]);
  });
  it('join what was only cut for storage', () => {
    expect(changes.find((change) => change.after === 'inactive')?.lasted).toBe(40);
  });
  it('are walked by keys along a document and across documents', () => {
    const first = stepChange(changes, undefined, 'right');
    expect(first?.at).toBe(0);
    const second = stepChange(changes, first, 'right');
    expect(second?.at).toBe(10);
    expect(stepChange(changes, second, 'right')?.at).toBe(10);
    expect(stepChange(changes, second, 'down')?.name).toBe('section');
    expect(stepChange(changes, first, 'up')?.at).toBe(0);
    expect(stepChange([], undefined, 'right')).toBeUndefined();
  });
});

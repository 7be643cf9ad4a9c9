import { expect, it } from 'vitest';
import { EventCutter } from './sse.ts';

it('cuts events wherever the network cut them', () => {
  const cutter = new EventCutter();
  expect(cutter.push('event: now\nda')).toEqual([]);
  expect(cutter.push('ta: {"a":1}\n\n: ping\n\nevent')).toEqual([
    { event: 'now', data: '{"a":1}' },
    { event: 'ping', data: '' },
  ]);
  expect(cutter.push(': now\r\ndata: 1\r\ndata: 2\r\n\r\n')).toEqual([{ event: 'now', data: '1\n2' }]);
});

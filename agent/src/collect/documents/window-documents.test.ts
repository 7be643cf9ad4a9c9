import { expect, test } from 'vitest';
import type { WindowInfo } from '../../platform/platform.ts';
import { SETTLE_MS, WindowDocuments } from './window-documents.ts';

const DAY = 86_400_000;
const START = 1_800_000_000_000;
const rules = { titlePrivacy: 'keep', pathPrivacy: 'keep', hashKey: '' } as const;
const window: WindowInfo = {
  id: '1',
  pid: 7,
  title: 'A drawing',
  className: 'Draw',
  dialogOf: null,
  since: START,
};

function documents(): { of: (now: number) => Promise<string | null>; asked: () => number } {
  let asked = 0;
  const known = new WindowDocuments({
    candidates: () => {
      asked += 1;
      return Promise.resolve([]);
    },
  });
  return {
    of: async (now) => (await known.of(window, [7], { rules, now }))?.name ?? null,
    asked: () => asked,
  };
}

test('a window is given time to load its file, then counts under its title and is asked ever more rarely', async () => {
  const { of, asked } = documents();
  expect(await of(START + SETTLE_MS - 1)).toBeNull();
  expect(await of(START + SETTLE_MS)).toBe('A drawing');
  for (let second = 2; second < 602; second += 1) await of(START + second * 1000);
  expect(asked()).toBeLessThan(20);
  expect(asked()).toBeGreaterThan(10);
});

test('when the clock is set back by a day, a window is neither new for a day nor never asked again', async () => {
  const { of, asked } = documents();
  await of(START + SETTLE_MS);
  const before = asked();
  expect(await of(START - DAY)).toBe('A drawing');
  expect(asked()).toBe(before + 1);
  expect(await documents().of(START - DAY)).toBe('A drawing');
});

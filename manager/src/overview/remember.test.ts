import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { rememberSlow } from './remember.ts';

/** Counts its reads; each takes as long as told. */
function reader(ms: number): { read: (key: string) => Promise<string>; reads: () => number } {
  let reads = 0;
  return {
    reads: () => reads,
    async read(key) {
      reads += 1;
      const answer = `${key} ${reads}`;
      await pause(ms);
      return answer;
    },
  };
}

test('all who ask while an answer is read share it, and each key has its own', async () => {
  const { read, reads } = reader(20);
  const ask = rememberSlow(String, read);
  const answers = await Promise.all([ask('a'), ask('a'), ask('b'), ask('a')]);
  expect(answers).toEqual(['a 1', 'a 1', 'b 2', 'a 1']);
  expect(reads()).toBe(2);
});

test('a quick answer is read anew each time', async () => {
  const ask = rememberSlow(String, reader(0).read);
  expect(await ask('a')).toBe('a 1');
  expect(await ask('a')).toBe('a 2');
});

test('a slow answer is kept for a multiple of its time', async () => {
  const { read, reads } = reader(150);
  const ask = rememberSlow(String, read, 100);
  await ask('a');
  await pause(200);
  expect(await ask('a')).toBe('a 1');
  expect(reads()).toBe(1);
});

test('a failure is told to all who wait, and not kept', async () => {
  let reads = 0;
  const ask = rememberSlow(
    String,
    async () => {
      reads += 1;
      await pause(120);
      if (reads === 1) throw new Error('away');
      return 'there';
    },
    100,
  );
  const both = await Promise.allSettled([ask('a'), ask('a')]);
  expect(both.map((each) => each.status)).toEqual(['rejected', 'rejected']);
  expect(await ask('a')).toBe('there');
});

import { expect, it } from 'vitest';
import { unknownKeys } from './known-keys.server.ts';

const keys = (route: string, query: string) => unknownKeys(route, new URLSearchParams(query));

it('a key that a page does not know is named once, whatever it says', () => {
  expect(keys('/(app)/use/sessions', 'user=ida&site=bergen&site=turku&range=7d')).toEqual(['site']);
  expect(keys('/(app)', 'wall&range=7d')).toEqual(['range']);
});

it('what a page knows, and the action of a form, is not named', () => {
  expect(keys('/(app)/use/concurrent', 'app=a&from=2026-11-17&to=2026-11-18&tz=UTC&step=hour')).toEqual([]);
  expect(keys('/(app)/administration/applications/[slug]', '/save&saved')).toEqual([]);
});

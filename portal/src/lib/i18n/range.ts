import type { Preset } from '#lib/range/range.ts';
import { plural } from './plural.ts';

/** Texts of the range picker. */
export const range = {
  label: 'Range',
  presets: {
    '1h': 'Last hour',
    today: 'Today',
    '7d': 'Last 7 days',
    '30d': 'Last 30 days',
    '90d': 'Last 90 days',
    quarter: 'This quarter',
  } satisfies Record<Preset, string>,
  typed: 'Type it',
  hint: '17 Nov · last Tuesday 8-12 · 2026-W47 · 11 Nov to 17 Nov',
  show: 'Show',
  refused: (text: string) => `“${text}” is not understood as a range. The range of before is shown.`,
  from: 'From',
  to: 'To',
  weekdays: ['Mo', 'Tu', 'We', 'Th', 'Fr', 'Sa', 'Su'],
  previous: 'Month before',
  next: 'Next month',
  days: (n: number, zone: string) => `${zone}, ${plural(n, { one: '# day', other: '# days' })}`,
  incomplete: (day: string) => `${day}, not complete`,
} as const;

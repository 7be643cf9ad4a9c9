import { instantOf, startOfDay, startOfWeek, wallAt } from '#lib/format/zone.ts';

const HOUR = 3_600_000;

/** The ranges one can pick by name. They stay relative to now in an address. */
export const PRESETS = ['1h', 'today', '7d', '30d', '90d', 'quarter'] as const;
export type Preset = (typeof PRESETS)[number];

export interface Range {
  readonly from: number;
  readonly to: number;
  /** The name in the address when the range is relative. */
  readonly preset: Preset | null;
}

export function isPreset(text: string): text is Preset {
  return PRESETS.some((preset) => preset === text);
}

function quarterStart(now: number, zone: string): number {
  const wall = wallAt(now, zone);
  return instantOf({ year: wall.year, month: wall.month - ((wall.month - 1) % 3), day: 1 }, zone);
}

/** The span a preset means at an instant: days are whole days of the zone, today included. */
export function presetRange(preset: Preset, now: number, zone: string): Range {
  const end = startOfDay(now, zone, 1);
  switch (preset) {
    case '1h': {
      const to = Math.ceil(now / 60_000) * 60_000;
      return { from: to - HOUR, to, preset };
    }
    case 'today':
      return { from: startOfDay(now, zone), to: end, preset };
    case 'quarter':
      return { from: quarterStart(now, zone), to: end, preset };
    case '7d':
    case '30d':
    case '90d':
      return { from: startOfDay(now, zone, 1 - Number.parseInt(preset, 10)), to: end, preset };
  }
}

/** Reads `2026-11-17T06:00` as wall time of the zone, or any ISO instant with its own offset. */
export function readInstant(text: string | null, zone: string): number | null {
  if (text === null) return null;
  const wall = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::\d{2})?)?$/.exec(text);
  if (wall !== null) {
    const [year = 0, month = 0, day = 0, hour = 0, minute = 0] = wall
      .slice(1)
      .map((part) => Number(part ?? 0));
    return instantOf({ year, month, day, hour, minute }, zone);
  }
  const at = Date.parse(text.replace(' ', '+'));
  return Number.isNaN(at) ? null : at;
}

/** The range an address means; what cannot be read falls back to the default. */
export function readRange(params: URLSearchParams, now: number, zone: string, fallback: Preset): Range {
  const preset = params.get('range');
  if (preset !== null && isPreset(preset)) return presetRange(preset, now, zone);
  const from = readInstant(params.get('from'), zone);
  const to = readInstant(params.get('to'), zone);
  if (from === null || to === null || to <= from) return presetRange(fallback, now, zone);
  return { from, to, preset: null };
}

/** The steps of the zoom ladder, widest first. */
export const ZOOMS = ['90d', 'week', 'day', 'hour'] as const;
export type Zoom = (typeof ZOOMS)[number];

/** Where on the ladder a range stands: by its length. */
export function zoomOf(range: { from: number; to: number }): Zoom {
  const length = range.to - range.from;
  if (length <= 2 * HOUR) return 'hour';
  if (length <= 49 * HOUR) return 'day';
  return length <= 15 * 24 * HOUR ? 'week' : '90d';
}

/** The range of a step of the ladder around an instant. */
export function zoomRange(zoom: Zoom, around: number, zone: string): { from: number; to: number } {
  switch (zoom) {
    case '90d':
      return { from: startOfDay(around, zone, -89), to: startOfDay(around, zone, 1) };
    case 'week':
      return { from: startOfWeek(around, zone), to: startOfWeek(around, zone, 1) };
    case 'day':
      return { from: startOfDay(around, zone), to: startOfDay(around, zone, 1) };
    case 'hour': {
      const wall = wallAt(around, zone);
      const from = around - wall.minute * 60_000 - wall.second * 1000 - (around % 1000);
      return { from, to: from + HOUR };
    }
  }
}

/** The range before (−1) or after (1) one, of the same length; whole days stay whole days across a change-over. */
export function shiftRange(
  range: { from: number; to: number },
  by: -1 | 1,
  zone: string,
): { from: number; to: number } {
  const wholeDays = startOfDay(range.from, zone) === range.from && startOfDay(range.to, zone) === range.to;
  if (!wholeDays) {
    const length = range.to - range.from;
    return { from: range.from + by * length, to: range.to + by * length };
  }
  const days = Math.round((range.to - range.from) / (24 * HOUR));
  return { from: startOfDay(range.from, zone, by * days), to: startOfDay(range.to, zone, by * days) };
}

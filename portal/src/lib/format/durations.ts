const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const grouped = new Intl.NumberFormat('en-GB');
const unit = (value: number, name: string): string => `${grouped.format(value)}\u00a0${name}`;

/** A duration in a sentence: "2 h 41 min", "15 min", "40 s". Number and unit are joined by a no-break space. */
export function duration(ms: number): string {
  const value = Math.max(0, ms);
  if (value < MINUTE) return unit(Math.round(value / SECOND) === 60 ? 59 : Math.round(value / SECOND), 's');
  if (value < HOUR) return unit(Math.floor(value / MINUTE), 'min');
  return hoursAndMinutes(Math.floor(value / MINUTE));
}

function hoursAndMinutes(minutes: number): string {
  const hours = Math.floor(minutes / 60);
  const rest = minutes % 60;
  // Minutes say nothing beside hundreds of hours.
  if (hours >= 100) return unit(hours, 'h');
  return rest === 0 ? unit(hours, 'h') : `${unit(hours, 'h')} ${unit(rest, 'min')}`;
}

/** A duration in a detail view, to the second below an hour: "15 min 00 s". */
export function exactDuration(ms: number): string {
  const seconds = Math.round(Math.max(0, ms) / SECOND);
  if (seconds < 60) return unit(seconds, 's');
  if (seconds >= 3600) return hoursAndMinutes(Math.floor(seconds / 60));
  return `${unit(Math.floor(seconds / 60), 'min')} ${unit(seconds % 60, 's').padStart(4, '0')}`;
}

/** A setting: "60 s", "15 min", "2 h"; whole units only, so that what was typed is what is read. */
export function settingDuration(ms: number): string {
  if (ms % HOUR === 0) return unit(ms / HOUR, 'h');
  if (ms % MINUTE === 0 && ms > MINUTE) return unit(ms / MINUTE, 'min');
  return unit(Math.round(ms / SECOND), 's');
}

/** How long ago, in one unit: "now", "5 min ago", "11 h ago", "3 days ago". */
export function ago(at: number, now: number): string {
  const ms = now - at;
  if (ms < MINUTE) return 'now';
  if (ms < HOUR) return `${unit(Math.floor(ms / MINUTE), 'min')} ago`;
  if (ms < DAY) return `${unit(Math.floor(ms / HOUR), 'h')} ago`;
  const days = Math.floor(ms / DAY);
  return `${unit(days, days === 1 ? 'day' : 'days')} ago`;
}

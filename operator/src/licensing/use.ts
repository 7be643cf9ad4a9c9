/** Figures that the Manager counted, as a status carries them. */
export interface Use {
  observedAt: string;
  [figure: string]: string | number;
}

/** A figure that moves less than this is not worth a write; small ones are told exactly. */
const MOVED = { least: 1, share: 0.02 };

/**
 * The figures to write: new ones when they moved and those that are written are old enough, else those that
 * are written. An instant alone is never a reason to write. `at`, `now`: ms since 1970; `everyMs`: the age of figures
 * that new ones may replace.
 */
export function useToWrite(
  written: unknown,
  counted: { figures: Readonly<Record<string, number>>; at: number },
  { now, everyMs }: { now: number; everyMs: number },
): Use {
  const { figures, at } = counted;
  const next = { ...figures, observedAt: new Date(at).toISOString().replace(/\.\d{3}Z$/, 'Z') };
  const before = asUse(written);
  if (before === undefined) return next;
  const moved = Object.entries(figures).some(([name, value]) => hasMoved(before[name], value));
  return moved && now - Date.parse(before.observedAt) >= everyMs ? next : before;
}

function hasMoved(before: string | number | undefined, value: number): boolean {
  if (typeof before !== 'number') return true;
  return Math.abs(value - before) >= Math.max(MOVED.least, MOVED.share * Math.abs(before));
}

function asUse(written: unknown): Use | undefined {
  if (typeof written !== 'object' || written === null) return undefined;
  const use: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(written))
    if (typeof value === 'string' || typeof value === 'number') use[name] = value;
  const { observedAt } = use;
  if (typeof observedAt !== 'string' || Number.isNaN(Date.parse(observedAt))) return undefined;
  return { ...use, observedAt };
}

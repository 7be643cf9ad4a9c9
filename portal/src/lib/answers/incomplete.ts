export interface Incomplete {
  readonly from: number;
  readonly to: number;
  readonly agents: number;
  readonly share: number;
}

/** The stretches whose data is not all here, neighbours joined. */
export function incompleteSpans(
  slots: readonly { from: number; to: number; share: number | null; missing: number }[],
  until: number,
): Incomplete[] {
  const spans: Incomplete[] = [];
  for (const slot of slots) {
    if (slot.share === null || slot.share >= 1 || slot.from >= until) continue;
    const last = spans.at(-1);
    const to = Math.min(slot.to, until);
    if (last !== undefined && last.to === slot.from) {
      spans[spans.length - 1] = {
        from: last.from,
        to,
        agents: Math.max(last.agents, slot.missing),
        share: Math.min(last.share, slot.share),
      };
    } else spans.push({ from: slot.from, to, agents: slot.missing, share: slot.share });
  }
  return spans;
}

/** How much is made, and of what shape. */
export interface DataSize {
  /** About so many segments; the real number is counted. */
  segments: number;
  applications: number;
  /** Days up to the last midnight UTC. */
  days: number;
}

/** What a user of the made data leaves on a working day: about 120 segments. */
const SEGMENTS_A_USER_DAY = 120;
const WORKING_SHARE = 0.66;
/** Application 1 has a tenth of all sessions. */
const FIRST_SHARE = 0.1;

export const usersFor = ({ segments, days }: DataSize): number =>
  Math.max(10, Math.round(segments / (SEGMENTS_A_USER_DAY * days * WORKING_SHARE)));

/** Shares that fall with a power of the rank, the first one a tenth (or as even as few applications allow). */
export function applicationShares(count: number): number[] {
  const shares = (power: number): number[] => {
    const weights = Array.from({ length: count }, (_, i) => (i + 1) ** -power);
    const sum = weights.reduce((all, weight) => all + weight, 0);
    return weights.map((weight) => weight / sum);
  };
  let [low, high] = [0, 3];
  for (let step = 0; step < 50; step += 1) {
    const middle = (low + high) / 2;
    if ((shares(middle)[0] ?? 1) < FIRST_SHARE) low = middle;
    else high = middle;
  }
  return shares(low);
}

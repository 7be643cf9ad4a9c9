/** Numbers that only look random: the same seed gives the same ones, so that a run can be repeated. */
export interface Random {
  /** 0 (inclusive) to 1 (exclusive). */
  unit(): number;
  /** A 32-bit integer ≥ 0. */
  bits(): number;
  between(low: number, high: number): number;
  exponential(mean: number): number;
  normal(mean: number, deviation: number): number;
}

/** The generator sfc32 of PractRand. @param seed any integer */
export function seededRandom(seed: number): Random {
  let [a, b, c, counter] = [seed | 0, 0x9e3779b9 | 0, 0x243f6a88 | 0, 1];
  const bits = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return sum >>> 0;
  };
  for (let i = 0; i < 16; i += 1) bits();
  const unit = (): number => bits() / 2 ** 32;
  return {
    unit,
    bits,
    between: (low, high) => low + unit() * (high - low),
    exponential: (mean) => -mean * Math.log(1 - unit()),
    normal: (mean, deviation) =>
      mean + deviation * Math.sqrt(-2 * Math.log(1 - unit())) * Math.cos(2 * Math.PI * unit()),
  };
}

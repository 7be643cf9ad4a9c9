const FACTORS: Readonly<Record<string, number>> = {
  '': 1,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/**
 * Bytes of a quantity as Kubernetes writes it, such as `10Gi`, `1.5T` or `2e10`; parts of a byte are left out.
 * @throws when it is none
 */
export function bytesOf(quantity: string): number {
  const [, number = '', suffix = ''] =
    /^(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)([kMGTPE]i?|Ki|m)?$/.exec(quantity) ?? [];
  const factor = FACTORS[suffix];
  if (number === '' || factor === undefined) throw new Error(`no quantity: ${quantity}`);
  return Math.floor(Number(number) * factor);
}

const UNITS = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi'];

/** Bytes as a short quantity, rounded for people, such as `900`, `1.2Gi` or `350Mi`. */
export function roundedQuantity(bytes: number): string {
  let number = bytes;
  for (const unit of UNITS) {
    const rounded = Number(number.toFixed(number < 10 ? 1 : 0));
    if (rounded < 1024) return `${rounded}${unit}`;
    number /= 1024;
  }
  return String(bytes);
}

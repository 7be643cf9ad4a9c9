/** Finds out that a part runs without doing its work. */
export interface Probe {
  healthy: () => Promise<boolean>;
  /** Time between two looks, in ms. */
  periodMs: number;
  /** After so many looks in a row at which it was not healthy the part fails. */
  failureThreshold: number;
}

/** Waits until a part ends or its probe fails. @returns whether the probe fails */
export function probeFails(
  { ended, probe }: { ended: Promise<unknown>; probe?: Probe },
  sleep: (ms: number) => Promise<void>,
): Promise<boolean> {
  let over = false;
  const end = ended.then(() => {
    over = true;
    return false;
  });
  if (probe === undefined) return end;
  const look = async ({ healthy, periodMs, failureThreshold }: Probe): Promise<boolean> => {
    for (let failures = 0; failures < failureThreshold;) {
      await sleep(periodMs);
      if (over) return false;
      failures = (await healthy()) ? 0 : failures + 1;
    }
    return true;
  };
  return Promise.race([end, look(probe)]);
}

import { setTimeout as sleep } from 'node:timers/promises';
import { keepRunning, type Kept, type LocalNats, type Probe } from '@process-meter/local';

export type Patience = Pick<Probe, 'periodMs' | 'failureThreshold'>;

/** Has a server that runs started again when it is not healthy, as the appliance does. */
export function keepNats(
  running: { nats: LocalNats },
  again: () => Promise<LocalNats>,
  patience: Patience,
): Promise<Kept> {
  let first = true;
  return keepRunning(
    {
      name: 'nats',
      async start() {
        if (!first) running.nats = await again();
        first = false;
        const { nats } = running;
        return { ...nats, probe: { healthy: nats.healthy, ...patience } };
      },
    },
    { say: (line) => void process.stdout.write(`${line}\n`), now: Date.now, sleep },
  );
}

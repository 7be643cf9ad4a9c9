import { AppError } from '@process-meter/contract';
import type { Hub } from './hub.ts';

/** A Manager without NATS, as it is while no server answers: for the API document and for tests of other parts. */
export function noHub(): Hub {
  const away = (): Promise<never> =>
    Promise.reject(new AppError('unavailable', 'The NATS server does not answer.'));
  return {
    connected: () => false,
    putConfig: away,
    purgeConfig: away,
    recordRoom: away,
    sendDown: () => undefined,
    onPresence: () => undefined,
    onConnected: () => undefined,
    close: () => Promise.resolve(),
  };
}

import { pino } from 'pino';

export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** JSON lines on stdout. Titles, paths and file names are never logged. */
export function createLog(level: string): Log {
  return pino({ level, base: { part: 'agent' } });
}

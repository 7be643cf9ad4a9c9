import { writeSync } from 'node:fs';
import { pino } from 'pino';

export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const STDOUT = 1;

/** JSON lines on stdout. Titles, paths and file names are never logged. */
export function createLog(level: string): Log {
  return pino({ level, base: { part: 'agent' } }, { write: writeLine });
}

/** Where the log cannot be written, as on a full disk, the line is lost: pino's own stream would try it for ever. */
function writeLine(line: string): void {
  try {
    writeSync(STDOUT, line);
  } catch {
    // There is no other place to say it.
  }
}

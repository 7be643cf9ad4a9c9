import { writeSync } from 'node:fs';
import { pino, type Logger } from 'pino';

export type Log = Logger;

/** Paths that are blanked in every log line, whatever logs them: no secret reaches a log. */
const SECRET_FIELDS = ['password', 'token', 'jwt', 'seed', 'secret', 'macKey', 'cookie', 'authorization'];

const STDOUT = 1;

/** JSON lines on stdout. @param level `trace` to `fatal`, or `silent` */
export function createLog(service: string, level: string): Log {
  const options = {
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`, `req.headers.${field}`]),
      censor: '[secret]',
    },
  };
  return pino(options, { write: writeLine });
}

/** Where the log cannot be written, as on a full disk, the line is lost: pino's own stream would try it for ever. */
function writeLine(line: string): void {
  try {
    writeSync(STDOUT, line);
  } catch {
    // There is no other place to say it.
  }
}

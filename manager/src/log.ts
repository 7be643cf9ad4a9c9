import { pino, type Logger } from 'pino';

export type Log = Logger;

/** Paths that are blanked in every log line, whatever logs them: no secret reaches a log. */
const SECRET_FIELDS = ['password', 'token', 'jwt', 'seed', 'secret', 'macKey', 'cookie', 'authorization'];

/** JSON lines on stdout. @param level `trace` to `fatal`, or `silent` */
export function createLog(service: string, level: string): Log {
  return pino({
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`, `req.headers.${field}`]),
      censor: '[secret]',
    },
  });
}

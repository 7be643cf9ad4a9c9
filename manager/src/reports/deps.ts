import { AppError, zoneSchema } from '@process-meter/contract';
import type { Pool } from 'pg';

export interface ReportsDeps {
  pool: Pool;
  clock: () => number;
}

/** Zones by name only: PostgreSQL reads the sign of `+05:30` the other way round than ISO does. */
export const namedZone = (zone: string | undefined, accountZone: string): string => {
  if (zone === undefined) return accountZone;
  if (!/^[A-Za-z]/.test(zone) || !zoneSchema.safeParse(zone).success)
    throw new AppError('invalidInput', 'The time zone has to be a name such as Europe/Oslo.');
  return zone;
};

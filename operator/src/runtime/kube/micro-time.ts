/** The format of leases and events, with six digits: the API server refuses three. `ms` since 1970. */
export function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}

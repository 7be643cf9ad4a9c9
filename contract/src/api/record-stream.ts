import { z } from 'zod';

/** What the stream that keeps batches of records between agents and the database holds. */
export const recordRoomSchema = z.object({
  /** Taken of its room. */
  bytes: z.number(),
  maxBytes: z.number(),
  /** Batches in it that are not stored in the database yet, at most. */
  waiting: z.number().int(),
  /** When the oldest batch in it came, ms; from there on a restored database is filled again. Null when it is empty. */
  oldestAt: z.number().nullable(),
  /** It is nearly full and nothing of it may go: soon it takes no more, and agents keep what they record. */
  behind: z.boolean(),
});
export type RecordRoom = z.infer<typeof recordRoomSchema>;

export const recordStreamSchema = z.object({
  /** Null while the message servers do not answer. */
  room: recordRoomSchema.nullable(),
});
export type RecordStream = z.infer<typeof recordStreamSchema>;

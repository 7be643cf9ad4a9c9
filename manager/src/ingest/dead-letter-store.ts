import { parseSubject } from '@process-meter/contract';
import type { PoolClient } from 'pg';
import type { DeadLetter } from './flush.ts';

/** Kept of each account and code: one code that comes in floods pushes out no letter of another. */
export const KEPT_LETTERS = 2000;
export const KEPT_BYTES = 64 * 1024 * 1024;
/** Only one process removes at a time; the others leave it to their next letters. */
const REMOVAL_LOCK = 4713;

/** Keeps letters, and removes the oldest of their kind beyond the bounds, with a count. */
export async function writeDeadLetters(client: PoolClient, letters: readonly DeadLetter[]): Promise<void> {
  if (letters.length === 0) return;
  for (const letter of letters) await writeOne(client, letter);
  const { rows } = await client.query<{ got: boolean }>('select pg_try_advisory_xact_lock($1) as got', [
    REMOVAL_LOCK,
  ]);
  if (rows[0]?.got !== true) return;
  for (const code of new Set(letters.map((letter) => letter.code))) await removeOldest(client, code);
}

async function writeOne(client: PoolClient, letter: DeadLetter): Promise<void> {
  await client.query(
    `insert into dead_letter (account_id, agent_id, subject, stream_seq, stream_at, code, reason, headers, body)
     values (coalesce($1, (select id from account where slug = $10)), $2, $3, $4, $5, $6, $7, $8, $9)
     on conflict (stream_seq, stream_at) do nothing`,
    [
      letter.sender?.account ?? null,
      letter.sender?.agent ?? null,
      letter.subject,
      letter.streamSeq,
      letter.streamAt,
      letter.code,
      letter.reason,
      JSON.stringify(letter.headers),
      Buffer.from(letter.body),
      // Nobody's letter is told to the account it came in for: somebody must see it.
      parseSubject(letter.subject)?.account ?? null,
    ],
  );
}

/** What was replayed already is no loss and is not counted. */
async function removeOldest(client: PoolClient, code: string): Promise<void> {
  await client.query(
    `with kept as (
       select id, row_number() over w as letters, sum(octet_length(body)) over w as bytes from dead_letter
       where code = $1 window w as (partition by account_id order by id desc)),
     gone as (
       delete from dead_letter where id in (select id from kept where letters > $2 or bytes > $3)
       returning account_id, replayed_at)
     insert into dead_letter_dropped
     select coalesce(account_id, 0), $1, count(*), now() from gone where replayed_at is null group by 1
     on conflict (account_id, code) do update set letters = dead_letter_dropped.letters + excluded.letters,
       last_at = excluded.last_at`,
    [code, KEPT_LETTERS, KEPT_BYTES],
  );
}

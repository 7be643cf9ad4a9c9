import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';

/**
 * Streams lines as a file. The first is made before the answer begins, so that a refused request is answered as one and
 * not by a file that breaks off.
 */
export async function sendCsv(
  reply: FastifyReply,
  lines: AsyncIterator<string> | Iterator<string>,
  name: string,
): Promise<FastifyReply> {
  const first = await lines.next();
  const second = first.done === true ? first : await lines.next();
  async function* rest(): AsyncGenerator<string> {
    for (const line of [first, second]) if (line.done !== true) yield line.value;
    for (let line = await lines.next(); line.done !== true; line = await lines.next()) yield line.value;
  }
  return reply
    .type('text/csv; charset=utf-8')
    .header('content-disposition', `attachment; filename="${name}"`)
    .send(Readable.from(rest()));
}

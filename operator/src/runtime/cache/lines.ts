import type { Readable } from 'node:stream';

/** Far beyond any object the API server stores (1.5 MB): what is longer is not a watch. */
const LONGEST = 64 * 1024 * 1024;

/** The lines of a stream, whatever its chunks: they may end inside a line and inside a character. */
export async function* lines(body: Readable): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let parts: string[] = [];
  let length = 0;
  for await (const chunk of body) {
    if (!Buffer.isBuffer(chunk)) continue;
    const pieces = decoder.decode(chunk, { stream: true }).split('\n');
    const last = pieces.pop() ?? '';
    for (const piece of pieces) {
      parts.push(piece);
      const line = parts.join('');
      parts = [];
      length = 0;
      if (line !== '') yield line;
    }
    parts.push(last);
    length += last.length;
    if (length > LONGEST) throw new Error('a line of a watch is too long');
  }
  const rest = parts.join('');
  // The connection broke inside an event: it comes again after the last version we have.
  if (rest !== '') throw new Error('the watch ended inside an event');
}

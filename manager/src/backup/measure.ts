import { createHash } from 'node:crypto';

/** Of all bytes that passed. */
export interface Measured {
  bytes: number;
  /** In hex. */
  sha256: string;
}

/** Knows how many bytes passed, and their digest. */
export class Measure {
  readonly #hash = createHash('sha256');
  #bytes = 0;

  /** Passes bytes on as they are. */
  async *of(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      this.#hash.update(chunk);
      this.#bytes += chunk.length;
      yield chunk;
    }
  }

  /** Once, after the end. */
  measured(): Measured {
    return { bytes: this.#bytes, sha256: this.#hash.digest('hex') };
  }
}

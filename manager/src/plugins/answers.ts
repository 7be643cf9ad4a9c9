import { isDeepStrictEqual } from 'node:util';
import { serializerCompiler } from 'fastify-type-provider-zod';
import type { z } from 'zod';

const large = new WeakSet();

/**
 * Marks the schema of an answer of thousands of rows: it is written as it is, since to check it takes longer than to read
 * it from the database. Tests check it all the same, and that it holds nothing beyond its schema.
 */
export function largeAnswer<Schema extends z.ZodType>(schema: Schema): Schema {
  large.add(schema);
  return schema;
}

type Compiler = typeof serializerCompiler;
type Serializer = ReturnType<Compiler>;

/** How answers are written. @param checksLarge true in tests */
export function answerWriter(checksLarge: boolean): Compiler {
  return (route) => {
    if (!large.has(route.schema)) return serializerCompiler(route);
    return checksLarge ? exactly(serializerCompiler(route)) : asItIs;
  };
}

const asItIs: Serializer = (answer) => JSON.stringify(answer);

/** Fails on what the schema would leave out: written as it is, it would be told. */
function exactly(write: Serializer): Serializer {
  return (answer) => {
    const written = write(answer);
    if (!isDeepStrictEqual(JSON.parse(written), JSON.parse(asItIs(answer))))
      throw new Error('the answer holds more than its schema says');
    return written;
  };
}

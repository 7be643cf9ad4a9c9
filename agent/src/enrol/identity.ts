import { enrolResponseSchema } from '@process-meter/contract';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const identitySchema = z.object({
  v: z.literal(1),
  managerUrl: z.string(),
  /** Seed of the key made on this computer; it never leaves it. */
  seed: z.string(),
  /** What enrolment answered; null between making the key and the answer. */
  enrolled: enrolResponseSchema.nullable(),
});
export type Identity = z.infer<typeof identitySchema>;
const FILE = 'identity.json';

export async function readIdentity(folder: string): Promise<Identity | null> {
  const text = await readFile(join(folder, FILE), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  return text === null ? null : identitySchema.parse(JSON.parse(text));
}

/** Writes the identity so that a crash leaves the old or the new one, readable by its owner only. */
export async function writeIdentity(folder: string, identity: Identity): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, FILE);
  const file = await open(`${path}.new`, 'w', 0o600);
  await file.writeFile(JSON.stringify(identity));
  await file.sync();
  await file.close();
  await rename(`${path}.new`, path);
}

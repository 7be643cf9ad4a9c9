import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { completeTrustFiles, nkeyFromSeed, type Nkey } from '@process-meter/contract';
import { z } from 'zod';

const credentialsSchema = z.object({ jwt: z.string(), seed: z.string() });
const masterMacSchema = z.object({ kid: z.string(), key: z.string() });
const downKeySchema = z.object({ kid: z.string(), secret: z.string() });
export type Credentials = z.infer<typeof credentialsSchema>;

/** What the Manager reads from its secrets folder. Held in memory, never logged. */
export interface Secrets {
  operator: Nkey;
  account: Nkey;
  manager: Credentials;
  system: Credentials;
  masterMac: { kid: string; key: Buffer };
  downManager: { kid: string; secret: string };
  downIngest: { kid: string; secret: string };
}

/**
 * Writes the secrets of one installation, each file 0600. Idempotent: what is there stays, what is missing is made,
 * so a run that was cut off half-way is finished by the next. @returns names of the files it made
 */
export function initSecrets(dir: string, now: number): string[] {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const made: string[] = [];
  const keep = (name: string, make: () => string): string => {
    const path = join(dir, name);
    if (existsSync(path)) return readFileSync(path, 'utf8').trim();
    const text = make();
    // Renamed into place: a reader or the next run never sees half a secret.
    writeFileSync(`${path}.new`, `${text}\n`, { mode: 0o600 });
    renameSync(`${path}.new`, path);
    made.push(name);
    return text;
  };
  completeTrustFiles(keep, now);
  return made;
}

/** Reads the secrets folder. @throws when a file is missing or damaged, naming the file only */
export function readSecrets(dir: string): Secrets {
  const text = (name: string): string => {
    try {
      return readFileSync(join(dir, name), 'utf8').trim();
    } catch (cause) {
      throw new Error(`cannot read ${name}: run \`manager trust init --dir ${dir}\``, { cause });
    }
  };
  const json = <T>(name: string, schema: z.ZodType<T>): T => {
    const parsed = schema.safeParse(parseJson(text(name)));
    if (!parsed.success) throw new Error(`${name} in ${dir} is damaged`);
    return parsed.data;
  };
  const mac = json('master-mac.json', masterMacSchema);
  return {
    operator: nkeyFromSeed(text('operator.nk')),
    account: nkeyFromSeed(text('account.nk')),
    manager: json('manager.creds.json', credentialsSchema),
    system: json('system.creds.json', credentialsSchema),
    masterMac: { kid: mac.kid, key: Buffer.from(mac.key, 'base64url') },
    downManager: json('down-manager.key', downKeySchema),
    downIngest: json('down-ingest.key', downKeySchema),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

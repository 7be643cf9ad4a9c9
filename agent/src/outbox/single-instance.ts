import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';

/**
 * Makes sure that one agent only uses a state folder. The lock is a file lock of the kernel, held by an open SQLite
 * transaction, so it ends with the process however that ends. @throws when another agent holds it
 */
export function lockStateFolder(folder: string): () => void {
  const db = new DatabaseSync(join(folder, 'lock.sqlite'));
  try {
    db.exec('pragma locking_mode = exclusive; begin exclusive');
  } catch (cause) {
    db.close();
    throw new Error(`another agent uses ${folder}`, { cause });
  }
  const close = (): void => db.close();
  // Also keeps the database from being collected as garbage, which would end the lock while the agent runs.
  process.once('exit', close);
  return () => {
    process.off('exit', close);
    close();
  };
}

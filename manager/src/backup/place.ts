/** Where backups are. */
export interface Place {
  /**
   * Takes a backup in. It has its name only once `content` came to its end; of one that breaks off nothing stays.
   * @param name is told before the first row
   * @returns where it is
   */
  put(content: AsyncIterable<Uint8Array>, name: Promise<string>): Promise<string>;
  /** Names of the files that are there, backups and others. */
  names(): Promise<string[]>;
  /** @returns where it was */
  remove(name: string): Promise<string>;
  /** Removes what runs that were killed before some instant left of backups. @returns what it was */
  tidy(before: Date): Promise<string[]>;
}

/** Whether a file is named like a backup; later ones come later in the alphabet. */
export function isBackupName(name: string): boolean {
  return /^process-meter-\d{8}T\d{6}Z\.tar\.zst(\.age)?$/.test(name);
}

/** A backup that is somewhere. */
export interface StoredBackup {
  /** For people: its path or address. */
  location: string;
  /** Its bytes, from the first. @throws BackupError when it cannot be read */
  content: () => AsyncIterable<Uint8Array>;
}

import { backUp, bringBack, readCopyOptions, type CopyOptions } from './appliance/copies.ts';

const HELP: Readonly<Record<string, string>> = {
  backup: `Usage: npm run backup -- [options]

Backs up everything recorded by an appliance of this machine, with the keys that agents trust. The appliance may run.

  --data DIR   data folder of the appliance (default as for npm start)
  --to PLACE   folder for the backup, or s3://BUCKET/PREFIX (default: backups in the data folder)
  --key FILE   key of the backups; made when it is not there (default: backup.key in the data folder)
  --keep N     afterwards remove all but the newest N backups
  --help       this text

For s3:// set PM_S3_ENDPOINT, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. A backup is encrypted. Keep a copy of the key elsewhere: without it no backup can be read.
`,
  restore: `Usage: npm run restore -- --from FILE --key FILE [options]

Makes a new data folder of a backup; npm start then finds what was recorded.

  --from FILE  the backup, or s3://BUCKET/KEY
  --key FILE   its key
  --data DIR   data folder to make (default as for npm start); one that is in use is left alone
  --help       this text
`,
};

const say = (line: string): void => {
  process.stdout.write(`process-meter: ${line}\n`);
};

const WORK: Readonly<Record<string, (options: CopyOptions) => Promise<number>>> = {
  backup: (options) => backUp(options, say),
  restore: (options) => bringBack(options, say),
};

const [name = '', ...args] = process.argv.slice(2);
process.exitCode = await run();

async function run(): Promise<number> {
  const help = HELP[name];
  const work = WORK[name];
  if (help === undefined || work === undefined) throw new Error(`backup or restore, not ${name}`);
  try {
    const options = readCopyOptions(args, process.getuid?.() === 0);
    if (!options.help) return await work(options);
    process.stdout.write(help);
    return 0;
  } catch (error) {
    process.stderr.write(`process-meter: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

import { z } from 'zod';
import { backupCommand } from './backup/index.ts';
import { connectDatabase, migrate } from './db/index.ts';
import { apiDocument } from './document.ts';
import { trustCommand } from './nats-trust/index.ts';

interface Command {
  summary: string;
  run: (args: readonly string[]) => Promise<void>;
}

const commands: Record<string, Command> = {
  migrate: {
    summary: 'bring the database (PM_DATABASE_URL) to the schema of this version',
    run: runMigrate,
  },
  backup: {
    summary: 'back up the database, check a backup, restore one; `backup --help` tells more',
    run: async (args) => {
      process.exitCode = await backupCommand(args, process.env, {
        out: (text) => void process.stdout.write(text),
        err: (text) => void process.stderr.write(text),
        stop: stopped(),
      });
    },
  },
  openapi: {
    summary: 'print the OpenAPI document of the HTTP API',
    run: async () => {
      process.stdout.write(await apiDocument(Date.now()));
    },
  },
  trust: {
    summary: '`trust init --dir DIR` makes the keys and secrets of an installation, once',
    run: (args) => {
      process.stdout.write(`${trustCommand(args, Date.now())}\n`);
      return Promise.resolve();
    },
  },
};

/** Aborted by the first signal to end; a second one ends at once. */
function stopped(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => stop.abort(new Error(`ended by ${signal}`)));
  return stop.signal;
}

const [name = '--help', ...args] = process.argv.slice(2);
const command = commands[name];
if (command !== undefined) {
  await command.run(args);
} else {
  const help = [
    'Usage: manager <command>',
    '',
    ...Object.entries(commands).map(([key, { summary }]) => `  ${key.padEnd(12)}${summary}`),
  ];
  (name === '--help' ? process.stdout : process.stderr).write(`${help.join('\n')}\n`);
  process.exitCode = name === '--help' ? 0 : 2;
}

async function runMigrate(): Promise<void> {
  const { PM_DATABASE_URL } = z.object({ PM_DATABASE_URL: z.string().min(1) }).parse(process.env);
  const connection = connectDatabase(PM_DATABASE_URL, 2);
  try {
    const done = await migrate(connection.db);
    process.stdout.write(
      done.length === 0 ? 'The schema is up to date.\n' : `Migrated: ${done.join(', ')}\n`,
    );
  } finally {
    await connection.close();
  }
}

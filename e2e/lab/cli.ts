import { spawn } from 'node:child_process';
import { z } from 'zod';
import { binariesAreReady, ensureBinaries } from './binaries.ts';
import { endLab, findLabs, type FoundLab } from './run-folder.ts';
import { startLab } from './start.ts';

const USAGE = `usage: node e2e/lab/cli.ts COMMAND
  up [NODES]     start a lab with so many fake nodes (default 3); Ctrl-C ends it
  up --node      start a lab with one real node, which runs containers
  up -d …        the same in the background
  down [ID]      end a lab, or all
  status         list the labs of this machine
  clean          remove what killed labs left
  build          build the binaries, if they are not in the cache
  build --check  end with 1 if they are not`;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const commands: Record<string, (args: readonly string[]) => Promise<void>> = {
  background,
  up: (args) => (args[0] === '-d' ? upInBackground(args.slice(1)) : up(args)),
  down,
  status,
  clean,
  build,
};

async function up([nodes = '3']: readonly string[], tell = say): Promise<void> {
  const start = Date.now();
  const kind = nodes === '--node' ? { node: true } : { nodes: Number(nodes) };
  const lab = await startLab({ ...kind, progress: tell });
  tell(`lab ${lab.id} at ${lab.url} after ${((Date.now() - start) / 1000).toFixed(1)} s`);
  tell(`export KUBECONFIG=${lab.adminKubeconfig}`);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => void lab.stop());
  // The foreground that waits for this one ends now.
  process.disconnect?.();
  await lab.ended;
}

/** Its lines go to the foreground as messages: a shared output would keep a reader of it waiting for ever. */
async function upInBackground(args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [import.meta.filename, 'background', ...args], {
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  child.on('message', (line) => say(z.string().parse(line)));
  await new Promise<void>((resolve, reject) => {
    child.once('disconnect', () => resolve());
    child.once('exit', (code) => reject(new Error(`the lab ended while starting (exit ${code})`)));
  });
  child.unref();
}

async function background(args: readonly string[]): Promise<void> {
  const tell = (line: string): void => void process.send?.(line);
  try {
    await up(args, tell);
  } catch (error) {
    tell(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
    process.disconnect?.();
  }
}

async function down([id]: readonly string[]): Promise<void> {
  const labs = findLabs().filter((lab) => id === undefined || lab.id === id);
  if (labs.length === 0) say(id === undefined ? 'no lab' : `no lab ${id}`);
  await Promise.all(labs.map(end));
}

async function clean(): Promise<void> {
  await Promise.all(
    findLabs()
      .filter(({ alive }) => !alive)
      .map(end),
  );
}

async function end(lab: FoundLab): Promise<void> {
  await endLab(lab);
  say(`lab ${lab.id} ended`);
}

async function status(): Promise<void> {
  for (const { id, alive, state, folder } of findLabs())
    say(`${id}  ${alive ? (state?.url ?? 'starting') : 'killed'}  ${state?.adminKubeconfig ?? folder}`);
}

async function build([check]: readonly string[]): Promise<void> {
  if (check !== '--check') await ensureBinaries(say);
  else if (!binariesAreReady()) process.exitCode = 1;
}

const [name = '', ...args] = process.argv.slice(2);
const command = commands[name];
if (command === undefined) {
  say(USAGE);
  process.exitCode = 2;
} else {
  try {
    await command(args);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}

import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CommandError, ensureBinaries, runCommand, type Lab } from '@process-meter/e2e/lab';
import { printedAs } from './expected.ts';
import type { Block } from './page.ts';

const ROOT = join(import.meta.dirname, '../../..');

/** Somebody who follows a page: a folder with the charts, kubectl and Helm on the path, and a cluster. */
export interface Reader {
  readonly folder: string;
  /** Runs the text of a block in a shell of its own. @returns what it printed @throws CommandError */
  shell(text: string): Promise<string>;
  /** Writes a file that the reader has. */
  write(name: string, text: string): void;
}

export interface ReaderOptions {
  helm: 3 | 4;
  /** Namespace that kubectl and Helm take when none is given. */
  namespace?: string;
}

/** Makes the folder and the tools of a reader, inside of the lab's folder, which goes with the lab. */
export async function readerOf(lab: Lab, { helm, namespace }: ReaderOptions): Promise<Reader> {
  const binaries = await ensureBinaries();
  const home = mkdtempSync(join(lab.folder, 'reader-'));
  const [bin, folder] = [join(home, 'bin'), join(home, 'work')];
  for (const made of [bin, folder]) mkdirSync(made, { recursive: true });
  symlinkSync(binaries.path('kubectl'), join(bin, 'kubectl'));
  symlinkSync(binaries.path(`helm${helm}`), join(bin, 'helm'));
  for (const name of ['charts', 'manager']) symlinkSync(join(ROOT, name), join(folder, name));
  const kubeconfig = join(home, 'kubeconfig');
  writeFileSync(kubeconfig, lab.kubeconfig, { mode: 0o600 });
  const env = {
    PATH: [bin, dirname(process.execPath), process.env['PATH']].join(':'),
    HOME: home,
    KUBECONFIG: kubeconfig,
  };
  if (namespace !== undefined)
    await runCommand(
      join(bin, 'kubectl'),
      ['config', 'set-context', '--current', `--namespace=${namespace}`],
      {
        env,
      },
    );
  return {
    folder,
    shell: (text) =>
      runCommand('bash', ['--norc', '-euo', 'pipefail', '-c', text], {
        env,
        cwd: folder,
        timeoutMs: 240_000,
      }),
    write: (name, text) => writeFileSync(join(folder, name), text),
  };
}

/** How many commands were run, which were not, with the reason that the page gives, and what was printed otherwise. */
export interface Tally {
  run: number;
  readonly notRun: string[];
  readonly differences: string[];
  /** How long the commands took, by where they stand. */
  readonly times: { where: string; ms: number }[];
}

/** Does what blocks say, in their order. @throws naming page and line of a command that failed */
export async function follow(
  reader: Reader,
  { page, blocks, tally }: { page: string; blocks: readonly Block[]; tally: Tally },
): Promise<void> {
  let printed: string | undefined;
  for (const block of blocks) {
    const where = `${page}:${block.line}`;
    if (block.language === 'yaml') writeFile(reader, block, where);
    else if (block.language === 'conf') continue;
    else if (block.language === 'text') compare(block, { printed, where, tally });
    else printed = await command(reader, block, { where, tally });
  }
}

function writeFile(reader: Reader, { marks, text }: Block, where: string): void {
  const { file } = marks;
  if (file === undefined)
    throw new Error(`${where}: a yaml block needs file="NAME", so that it can be tried`);
  reader.write(file, `${text}\n`);
}

function compare(
  { text }: Block,
  { printed, where, tally }: { printed: string | undefined; where: string; tally: Tally },
): void {
  if (printed === undefined || printedAs(text, printed)) return;
  tally.differences.push(`${where}: shown is\n${text}\nprinted was\n${printed}`);
}

/** @returns what it printed; undefined when it was not run */
async function command(
  reader: Reader,
  { language, marks, text }: Block,
  { where, tally }: { where: string; tally: Tally },
): Promise<string | undefined> {
  if (language !== 'sh') throw new Error(`${where}: a block is sh, yaml, conf or text, not "${language}"`);
  const why = marks['not-run'];
  if (why !== undefined) {
    if (why.trim() === '') throw new Error(`${where}: not-run needs a reason`);
    tally.notRun.push(`${where} (${why})`);
    return undefined;
  }
  const begun = performance.now();
  try {
    const printed = await reader.shell(text);
    tally.run += 1;
    tally.times.push({ where, ms: performance.now() - begun });
    return printed;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new Error(`${where}: ${text}\nexit ${error.code}\n${error.stdout}\n${error.stderr}`, {
      cause: error,
    });
  }
}

import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { supervise, type Supervised } from '@process-meter/local';

const MAIN = fileURLToPath(new URL('../../agent/src/main.ts', import.meta.url));
const LOAD = fileURLToPath(new URL('./load-agent.ts', import.meta.url));
const HOOK = /hook\/child\.ts/;

export type AgentEnvironment = Record<string, string> & { PM_STATE_DIR: string };

/** An agent process that its test kills and starts again; it finds its state folder again each time. */
export class AgentProcess {
  readonly #script: string;
  readonly #env: Record<string, string>;
  readonly #log: string;
  #child: Supervised | undefined;

  private constructor(script: string, env: AgentEnvironment) {
    this.#script = script;
    this.#env = env;
    this.#log = `${env.PM_STATE_DIR}.log`;
  }

  /** The real agent on a real display. */
  static desktop(env: AgentEnvironment): Promise<AgentProcess> {
    return new AgentProcess(MAIN, env).#started();
  }

  /** The real outbox and uplink under made-up records. */
  static load(env: AgentEnvironment): Promise<AgentProcess> {
    return new AgentProcess(LOAD, env).#started();
  }

  async crash(): Promise<void> {
    await this.#child?.kill('SIGKILL');
    await this.#started();
  }

  /** Starts it again after a stop. */
  async resume(env: Record<string, string> = {}): Promise<void> {
    Object.assign(this.#env, env);
    await this.#started();
  }

  /** Kills the input hook of the agent. @returns whether there was one */
  crashHook(): boolean {
    const pid = hookOf(this.#child?.pid ?? -1);
    if (pid === undefined) return false;
    process.kill(pid, 'SIGKILL');
    return true;
  }

  async stop(): Promise<void> {
    await this.#child?.stop('SIGTERM', 8000);
  }

  async #started(): Promise<this> {
    const log = openSync(this.#log, 'a', 0o600);
    this.#child = await supervise(process.execPath, [this.#script], {
      env: { ...process.env, PM_LOG_LEVEL: 'info', ...this.#env },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    return this;
  }
}

function hookOf(agent: number): number | undefined {
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      if (parent === agent && HOOK.test(readFileSync(`/proc/${name}/cmdline`, 'utf8'))) return Number(name);
    } catch {
      // Ended while it was looked at.
    }
  }
  return undefined;
}

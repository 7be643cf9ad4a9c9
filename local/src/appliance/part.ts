import { probeFails, type Probe } from './probe.ts';

/** A running part of the appliance. */
export interface Running {
  /** Resolves when it has ended, for whatever reason. */
  ended: Promise<unknown>;
  /** Without one it is well as long as it runs. */
  probe?: Probe;
  stop(): Promise<void>;
}

export interface Part {
  name: string;
  /** Resolves when the part is ready for use. */
  start(): Promise<Running>;
}

/** A part that is started again whenever it ends, or runs without doing its work. */
export interface Kept {
  name: string;
  /** Whether it runs now; false while it waits for its next start. */
  runs(): boolean;
  /** Ends it for good. */
  stop(): Promise<void>;
}

export interface KeepDeps {
  say: (line: string) => void;
  now: () => number;
  sleep: (ms: number) => Promise<void>;
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
/** How long a stop waits for a start that is under way. */
const START_GRACE_MS = 4000;
/** After this long without a crash the next one counts as the first. */
const STEADY_MS = 60_000;

/** Starts a part, and again after each end of it or when its probe fails, waiting twice as long each time. @throws when the first start fails */
export async function keepRunning(part: Part, deps: KeepDeps): Promise<Kept> {
  let running: Running | undefined = await part.start();
  let stopping = false;
  const stopped = Promise.withResolvers<void>();
  let startedAt = deps.now();
  let wait = FIRST_WAIT_MS;

  const watch = async (): Promise<void> => {
    while (!stopping) {
      const failing = running !== undefined && (await probeFails(running, deps.sleep));
      if (stopping) return;
      if (deps.now() - startedAt > STEADY_MS) wait = FIRST_WAIT_MS;
      const what = failing ? 'is not healthy' : 'ended by itself';
      deps.say(`${part.name} ${what}; starting it again in ${wait / 1000} s`);
      if (failing) await running?.stop();
      running = undefined;
      await Promise.race([deps.sleep(wait), stopped.promise]);
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
      await startAgain();
    }
  };
  const startAgain = async (): Promise<void> => {
    if (stopping) return;
    startedAt = deps.now();
    try {
      running = await part.start();
      deps.say(`${part.name} runs again`);
    } catch (error) {
      deps.say(`${part.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const watching = watch();
  return {
    name: part.name,
    runs: () => running !== undefined,
    async stop() {
      stopping = true;
      stopped.resolve();
      await running?.stop();
      // A start under way when the stop came is waited for and stopped as well.
      await Promise.race([watching, deps.sleep(START_GRACE_MS)]);
      await running?.stop();
    },
  };
}

import { mkdirSync } from 'node:fs';
import { startXServer } from '../x-server.ts';
import { xdotoolHand } from './hand.ts';
import { tellStory } from './story.ts';

export interface DemoDesktop {
  display: string;
  ended: Promise<unknown>;
  stop(): Promise<void>;
}

/**
 * A desktop with nobody at it but a script: a real X server and window manager, real programs on real files, and
 * input that comes through the X server. What the agent records of it is captured like anybody's work.
 */
export async function startDemoDesktop(options: {
  dir: string;
  display: string | undefined;
  say: (line: string) => void;
}): Promise<DemoDesktop> {
  mkdirSync(options.dir, { recursive: true });
  const x = await startXServer(options.display === undefined ? {} : { display: options.display });
  const stop = new AbortController();
  const story = tellStory({
    hand: xdotoolHand(x.display),
    dir: options.dir,
    display: x.display,
    random: Math.random,
    say: options.say,
    stopped: () => stop.signal.aborted,
    sleep: (ms) => pause(ms, stop.signal),
  });
  void x.ended.then(() => stop.abort());
  return {
    display: x.display,
    ended: x.ended,
    async stop() {
      stop.abort();
      await Promise.race([story, pause(3000)]);
      await x.stop();
    },
  };
}

/** Sleeps, or returns at once when the signal comes. */
function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    const cut = (): void => {
      clearTimeout(timer);
      resolve();
    };
    if (signal?.aborted === true) cut();
    signal?.addEventListener('abort', cut, { once: true });
  });
}

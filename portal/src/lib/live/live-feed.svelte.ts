import type { LiveNow } from '@process-meter/contract';
import { EventCutter } from './sse.ts';

/** The Manager pings each 15 s: a stream silent for longer than this has news no more. */
const STALE_MS = 20_000;
const RETRY_MS = 3000;
const HIDDEN_MS = 60_000;

/** The server has checked the answer against the contract's shape; this only tells it from other JSON. */
function isLiveNow(value: unknown): value is LiveNow {
  return (
    typeof value === 'object' &&
    value !== null &&
    'agents' in value &&
    'applications' in value &&
    'at' in value
  );
}

/** What is in use now, kept up to date by one event stream; closed after a minute in the background. */
export class LiveFeed {
  now = $state.raw<LiveNow | null>(null);
  /** Clock of the page, one tick a second. */
  clock = $state(0);
  lastNews = $state(0);
  readonly stale = $derived(this.lastNews > 0 && this.clock - this.lastNews > STALE_MS);

  #abort: AbortController | null = null;
  #hiddenSince = 0;

  /** Starts listening; the returned function stops it. For `$effect`. */
  start(): () => void {
    this.lastNews = this.clock = Date.now();
    const tick = setInterval(() => this.#tick(), 1000);
    this.#open();
    return () => {
      clearInterval(tick);
      this.#close();
    };
  }

  #tick(): void {
    this.clock = Date.now();
    if (!document.hidden) {
      this.#hiddenSince = 0;
      if (this.#abort === null) this.#open();
      return;
    }
    if (this.#hiddenSince === 0) this.#hiddenSince = this.clock;
    if (this.clock - this.#hiddenSince > HIDDEN_MS) this.#close();
  }

  #open(): void {
    const abort = new AbortController();
    this.#abort = abort;
    void this.#listen(abort.signal)
      .catch(() => undefined)
      .finally(() => {
        if (this.#abort !== abort) return;
        setTimeout(() => {
          if (this.#abort === abort) this.#abort = null;
        }, RETRY_MS);
      });
  }

  #close(): void {
    const abort = this.#abort;
    this.#abort = null;
    abort?.abort();
  }

  async #listen(signal: AbortSignal): Promise<void> {
    const response = await fetch('/live', { signal });
    if (!response.ok || response.body === null) return;
    const cutter = new EventCutter();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      this.lastNews = Date.now();
      for (const { event, data } of cutter.push(value)) {
        if (event !== 'now') continue;
        const parsed: unknown = JSON.parse(data);
        if (isLiveNow(parsed)) this.now = parsed;
      }
    }
  }
}

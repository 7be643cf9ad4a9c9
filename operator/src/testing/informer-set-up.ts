import { onTestFinished } from 'vitest';
import type { InformerOptions, StoreChange } from '../runtime/cache/informer-types.ts';
import { ReflectedInformer } from '../runtime/cache/informer.ts';
import type { Clock } from '../runtime/clock.ts';
import { createTransport } from '../runtime/kube/transport.ts';
import { createMetrics } from '../runtime/report/metrics.ts';
import { FakeClock, settle, until } from './fake-clock.ts';
import { metric, testLog, WIDGETS } from './parts.ts';
import { StubApi } from './stub-api.ts';

/** An informer of widgets on a stub, both ended with the test. */
export async function setUpInformer(
  options: InformerOptions = {},
  resource = WIDGETS,
  times: { silenceMs?: number } = {},
) {
  const api = await new StubApi().start();
  const clock = new FakeClock();
  const metrics = createMetrics();
  const { log, lines } = testLog();
  const stop = new AbortController();
  const deps = {
    credentials: api.credentials,
    clock: clock as Clock,
    random: () => 0.5,
    metrics: metrics.rest,
  };
  const transport = createTransport(deps, { perSecond: 1e6, burst: 1e6, inFlight: 8 });
  const informer = new ReflectedInformer(resource, options, {
    transport,
    clock,
    random: () => 0.5,
    log,
    metrics: metrics.informers,
    ...times,
  });
  const changes: StoreChange[] = [];
  informer.onChange((change) => changes.push(change));
  let running: Promise<void> = Promise.resolve();
  onTestFinished(async () => {
    stop.abort();
    await Promise.all([running, transport.close(), api.stop()]);
  });
  return {
    api,
    clock,
    metrics,
    lines,
    stop,
    transport,
    informer,
    changes,
    start: () => (running = informer.start(stop.signal)),
    relists: (reason: string) => metric(metrics, 'process_meter_informer_relists_total', { reason }),
    reconnects: (reason: string) => metric(metrics, 'process_meter_informer_reconnects_total', { reason }),
    /** The watch is open and its reader is at it. */
    watching: async (count = 1) => {
      await until('a watch', () => api.watches.length === count);
      await settle();
    },
    /** Ends the watch as the server does, and waits for the next. */
    renewWatch: async () => {
      const before = api.requests.length;
      api.watches[0]!.end();
      await until('the next watch', () => api.requests.at(-1)!.watch && api.requests.length > before);
      await until('one watch', () => api.watches.length === 1);
      await settle();
    },
  };
}

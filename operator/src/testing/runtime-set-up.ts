import { onTestFinished } from 'vitest';
import { Informers } from '../runtime/cache/informers.ts';
import { createClient } from '../runtime/kube/api-client.ts';
import { createTransport } from '../runtime/kube/transport.ts';
import { createMetrics } from '../runtime/report/metrics.ts';
import { FakeClock } from './fake-clock.ts';
import { testLog } from './parts.ts';
import { StubApi } from './stub-api.ts';

/** A client and informers on a stub, all ended with the test. */
export async function setUpRuntime() {
  const api = await new StubApi().start();
  const clock = new FakeClock();
  const metrics = createMetrics();
  const { log, lines } = testLog();
  const deps = { credentials: api.credentials, clock, random: () => 0.5, log };
  const limits = { perSecond: 1e6, burst: 1e6, inFlight: 8 };
  const transport = createTransport({ ...deps, metrics: metrics.rest }, limits);
  const informers = new Informers({ ...deps, transport, metrics: metrics.informers });
  const stop = new AbortController();
  const signal: AbortSignal = stop.signal;
  onTestFinished(async () => {
    stop.abort();
    await Promise.all([informers.ended(), transport.close(), api.stop()]);
  });
  return {
    api,
    clock,
    metrics,
    log,
    lines,
    transport,
    informers,
    client: createClient(transport),
    signal,
    sync: async () => {
      informers.start(signal);
      await informers.whenSynced();
    },
  };
}

import { Histogram, type Registry } from 'prom-client';
import type { App } from './app.ts';

export interface HealthDeps {
  metrics: Registry;
  /** Each part by name: true when it answers. */
  parts: Readonly<Record<string, () => Promise<boolean> | boolean>>;
}

/** `/healthz`: the process lives. `/readyz`: what it needs answers. `/metrics`: Prometheus, with a time per route. */
export function health(app: App, { metrics, parts }: HealthDeps): void {
  const duration = new Histogram({
    name: 'pm_http_request_seconds',
    help: 'Time of an answer by route and status',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [metrics],
  });
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'unknown';
    const status = String(reply.statusCode);
    duration.labels(request.method, route, status).observe(reply.elapsedTime / 1000);
    done();
  });
  const options = { schema: { hide: true }, config: { isPublic: true, rateLimit: false as const } };
  app.get('/healthz', options, () => ({ status: 'alive' }));
  app.get('/readyz', options, async (_request, reply) => {
    const states = await Promise.all(
      Object.entries(parts).map(async ([name, check]) => [name, await answersInTime(check)] as const),
    );
    const ready = states.every(([, ok]) => ok);
    return reply.code(ready ? 200 : 503).send({ ready, parts: Object.fromEntries(states) });
  });
  app.get('/metrics', options, async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.metrics()),
  );
}

async function answersInTime(check: () => Promise<boolean> | boolean): Promise<boolean> {
  const late = new Promise<boolean>((done) => setTimeout(() => done(false), 2000).unref());
  return Promise.race([
    Promise.resolve()
      .then(check)
      .catch(() => false),
    late,
  ]);
}

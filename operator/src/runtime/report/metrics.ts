import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Names and labels are controller-runtime's, so that public dashboards and alerts work. */
export interface RuntimeMetrics {
  registry: Registry;
  rest: RestMetrics;
  informers: InformerMetrics;
  queue(name: string): QueueMetrics;
  controller(name: string): ControllerMetrics;
  leader(name: string, leading: boolean): void;
  eventsLost(): void;
}

export interface RestMetrics {
  observe(call: { code: string; method: string; ms: number }): void;
}

export interface InformerMetrics {
  reconnect(resource: string, reason: string): void;
  relist(resource: string, reason: string): void;
  handlerFailed(resource: string): void;
  objects(resource: string, count: number): void;
}

export interface QueueMetrics {
  depth(count: number): void;
  added(): void;
  retried(): void;
  waited(ms: number): void;
  worked(ms: number): void;
  /** Asked when metrics are read: how long each pass under way has run, ms. */
  running(read: () => readonly number[]): void;
}

export interface ControllerMetrics {
  reconciled(result: 'success' | 'error' | 'requeue_after', ms: number): void;
  active(count: number): void;
  panicked(): void;
}

const QUEUE_BUCKETS = [1e-3, 1e-2, 0.1, 0.5, 1, 5, 10, 60, 300, 1000];
const RECONCILE_BUCKETS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Registers the metrics of one process on `registry`. */
export function createMetrics(registry: Registry = new Registry()): RuntimeMetrics {
  const registers = [registry];
  const leader = new Gauge({
    name: 'leader_election_master_status',
    help: '1 while this process holds the lease',
    labelNames: ['name'],
    registers,
  });
  const lost = new Counter({
    name: 'process_meter_operator_events_lost_total',
    help: 'Kubernetes events that could not be written',
    registers,
  });
  return {
    registry,
    rest: restMetrics(registers),
    informers: informerMetrics(registers),
    queue: queueMetrics(registers),
    controller: controllerMetrics(registers),
    leader: (name, leading) => leader.set({ name }, leading ? 1 : 0),
    eventsLost: () => lost.inc(),
  };
}

function restMetrics(registers: Registry[]): RestMetrics {
  const requests = new Counter({
    name: 'rest_client_requests_total',
    help: 'Requests to the API server',
    labelNames: ['code', 'method'],
    registers,
  });
  const seconds = new Histogram({
    name: 'rest_client_request_duration_seconds',
    help: 'Time to the first byte of the answer',
    labelNames: ['method'],
    buckets: RECONCILE_BUCKETS,
    registers,
  });
  return {
    observe: ({ code, method, ms }) => {
      requests.inc({ code, method });
      seconds.observe({ method }, ms / 1000);
    },
  };
}

function informerMetrics(registers: Registry[]): InformerMetrics {
  const counter = (name: string, help: string, labelNames: string[]) =>
    new Counter({ name: `process_meter_informer_${name}`, help, labelNames, registers });
  const reconnects = counter('reconnects_total', 'Watches opened again', ['resource', 'reason']);
  const relists = counter('relists_total', 'Lists read again', ['resource', 'reason']);
  const failures = counter('handler_failures_total', 'Change handlers that threw', ['resource']);
  const objects = new Gauge({
    name: 'process_meter_informer_objects',
    help: 'Objects in the cache',
    labelNames: ['resource'],
    registers,
  });
  return {
    reconnect: (resource, reason) => reconnects.inc({ resource, reason }),
    relist: (resource, reason) => relists.inc({ resource, reason }),
    handlerFailed: (resource) => failures.inc({ resource }),
    objects: (resource, count) => objects.set({ resource }, count),
  };
}

function queueMetrics(registers: Registry[]): (name: string) => QueueMetrics {
  const labelNames = ['name', 'controller'];
  const gauge = (name: string, help: string, collect?: () => void) =>
    new Gauge({ name: `workqueue_${name}`, help, labelNames, registers, ...(collect ? { collect } : {}) });
  const counter = (name: string, help: string) =>
    new Counter({ name: `workqueue_${name}`, help, labelNames, registers });
  const histogram = (name: string, help: string) =>
    new Histogram({ name: `workqueue_${name}`, help, labelNames, buckets: QUEUE_BUCKETS, registers });
  const depth = gauge('depth', 'Keys that wait');
  const adds = counter('adds_total', 'Keys added');
  const retries = counter('retries_total', 'Keys added again after a failure');
  const waited = histogram('queue_duration_seconds', 'Time a key waited');
  const worked = histogram('work_duration_seconds', 'Time a pass took');
  const running = new Map<string, () => readonly number[]>();
  gaugesOfRunning(gauge, running);
  return (name) => {
    const labels = { name, controller: name };
    return {
      depth: (count) => depth.set(labels, count),
      added: () => adds.inc(labels),
      retried: () => retries.inc(labels),
      waited: (ms) => waited.observe(labels, ms / 1000),
      worked: (ms) => worked.observe(labels, ms / 1000),
      running: (read) => void running.set(name, read),
    };
  };
}

function gaugesOfRunning(
  gauge: (name: string, help: string, collect: () => void) => Gauge,
  running: Map<string, () => readonly number[]>,
): void {
  const unfinished: Gauge = gauge('unfinished_work_seconds', 'Sum of the passes under way', () => {
    for (const [name, read] of running) {
      const sum = read().reduce((all, one) => all + one, 0);
      unfinished.set({ name, controller: name }, sum / 1000);
    }
  });
  const longest: Gauge = gauge('longest_running_processor_seconds', 'Longest pass under way', () => {
    for (const [name, read] of running) {
      longest.set({ name, controller: name }, Math.max(0, ...read()) / 1000);
    }
  });
}

function controllerMetrics(registers: Registry[]): (name: string) => ControllerMetrics {
  const total = new Counter({
    name: 'controller_runtime_reconcile_total',
    help: 'Passes by result',
    labelNames: ['controller', 'result'],
    registers,
  });
  const errors = new Counter({
    name: 'controller_runtime_reconcile_errors_total',
    help: 'Passes that failed',
    labelNames: ['controller'],
    registers,
  });
  const panics = new Counter({
    name: 'controller_runtime_reconcile_panics_total',
    help: 'Passes that threw something that is no error of the API server',
    labelNames: ['controller'],
    registers,
  });
  const seconds = new Histogram({
    name: 'controller_runtime_reconcile_time_seconds',
    help: 'Time of a pass',
    labelNames: ['controller'],
    buckets: RECONCILE_BUCKETS,
    registers,
  });
  const active = new Gauge({
    name: 'controller_runtime_active_workers',
    help: 'Passes under way',
    labelNames: ['controller'],
    registers,
  });
  return (controller) => ({
    reconciled: (result, ms) => {
      total.inc({ controller, result });
      if (result === 'error') errors.inc({ controller });
      seconds.observe({ controller }, ms / 1000);
    },
    active: (count) => active.set({ controller }, count),
    panicked: () => panics.inc({ controller }),
  });
}

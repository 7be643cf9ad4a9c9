import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Flush } from './flush.ts';

export interface IngestMetrics {
  committed(flush: Flush, seconds: number): void;
  failed(): void;
}

/** What ingest tells Prometheus. @param backlog messages that wait in the stream */
export function ingestMetrics(registry: Registry, backlog: () => number): IngestMetrics {
  const registers = [registry];
  const counter = (name: string, help: string, labelNames: string[] = []): Counter =>
    new Counter({ name: `process_meter_ingest_${name}`, help, labelNames, registers });
  const rows = counter('segments_total', 'Segments committed');
  const duplicates = counter('duplicates_total', 'Records that were committed before');
  const letters = counter('dead_letters_total', 'Batches kept as dead letters', ['code']);
  const flushes = counter('flushes_total', 'Flushes', ['outcome']);
  const time = new Histogram({
    name: 'process_meter_ingest_flush_seconds',
    help: 'Time of a flush',
    registers,
  });
  new Gauge({
    name: 'process_meter_ingest_backlog_messages',
    help: 'Messages that wait in the stream',
    registers,
    collect() {
      this.set(backlog());
    },
  });
  return {
    committed(flush, seconds) {
      rows.inc(flush.segments.count);
      duplicates.inc(flush.duplicates);
      for (const letter of flush.deadLetters) letters.inc({ code: letter.code });
      flushes.inc({ outcome: 'committed' });
      time.observe(seconds);
    },
    failed: () => flushes.inc({ outcome: 'failed' }),
  };
}

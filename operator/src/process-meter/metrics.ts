import { Gauge, type Registry } from 'prom-client';

/** What is told of an installation beyond its status, by its name. */
export interface InstallationMetrics {
  /** @param at ms since 1970; undefined where there is no certificate */
  certificateEnds(processMeter: string, at: number | undefined): void;
}

export function installationMetrics(registry: Registry): InstallationMetrics {
  const end = new Gauge({
    name: 'process_meter_certificate_end_seconds',
    help: 'Instant at which the certificate of the NATS servers ends, seconds since 1970',
    labelNames: ['processmeter'],
    registers: [registry],
  });
  return {
    certificateEnds(processmeter, at) {
      if (at === undefined) end.remove({ processmeter });
      else end.set({ processmeter }, at / 1000);
    },
  };
}

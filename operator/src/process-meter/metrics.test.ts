import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { installationMetrics } from './metrics.ts';

test('the end of a certificate is told in seconds as long as there is one', async () => {
  const registry = new Registry();
  const metrics = installationMetrics(registry);
  metrics.certificateEnds('meter', Date.UTC(2027, 2, 1));
  expect(await registry.metrics()).toContain(
    'process_meter_certificate_end_seconds{processmeter="meter"} 1803859200',
  );
  metrics.certificateEnds('meter', undefined);
  expect(await registry.metrics()).not.toContain('processmeter="meter"');
});

import { join } from 'node:path';
import { KINDS } from '@process-meter/crds';
import type { Lab } from '@process-meter/e2e/lab';
import { startTestLab } from '@process-meter/e2e/lab/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clusterWide, everythingIn, objectAt, restrictedNamespace } from './cluster.ts';
import { CHARTS, OPERATOR_CHART, PRODUCT_CHART } from './generated-files.ts';
import { HELM_VERSIONS, type HelmVersion } from './helm.ts';
import { previousChart } from './previous-chart.ts';

const NAMESPACE = 'metering';
const OPERATOR = 'process-meter-operator';
const DEFINITIONS = KINDS.map(
  ({ plural }) => `CustomResourceDefinition/${plural}.processmeter.io`,
).toSorted();
const LICENSING = join(CHARTS, 'golden/process-meter/licensing.values.yaml');

/** What stays after both charts went, as crds.keep says. */
const KEPT = DEFINITIONS;

describe.each(HELM_VERSIONS)('with Helm %i', (version: HelmVersion) => {
  let lab: Lab;
  const helm = (...args: string[]): Promise<string> =>
    lab.helm(version, [...args, '--namespace', NAMESPACE], { timeoutMs: 110_000 });
  const installOperator = (chart = OPERATOR_CHART): Promise<string> =>
    helm('install', OPERATOR, chart, '--wait', '--timeout', '90s');
  const installProduct = (): Promise<string> =>
    helm('install', 'meter', PRODUCT_CHART, '--values', LICENSING);
  const uidOf = async (what: string): Promise<string> => (await objectAt(lab, what, NAMESPACE)).metadata.uid;

  beforeAll(async () => {
    lab = await startTestLab({ nodes: 2 });
    await restrictedNamespace(lab, NAMESPACE);
  });
  afterAll(() => lab?.stop());

  test('both charts install into a namespace that takes restricted pods only', async () => {
    await installOperator(previousChart(OPERATOR));
    const said = await installProduct();
    expect(said).toContain('ProcessMeter meter 0.1.0 is declared');
    const operator = await objectAt(lab, `deployment/${OPERATOR}`, NAMESPACE);
    expect(operator).toMatchObject({ status: { readyReplicas: 2 } });
    const found = await everythingIn(lab, NAMESPACE);
    expect(found).toEqual(
      expect.arrayContaining(['ProcessMeter/meter', 'LicensePool/solver', 'MonitoredApplication/solver']),
    );
  });

  test('an upgrade from the previous chart and a rollback replace the operator and no resource', async () => {
    const [meter, pool] = [await uidOf('processmeter/meter'), await uidOf('licensepool/solver')];
    await helm('upgrade', OPERATOR, OPERATOR_CHART, '--wait', '--timeout', '90s');
    const chart = await chartLabel(lab);
    await helm('rollback', OPERATOR, '1', '--wait', '--timeout', '90s');
    expect(await chartLabel(lab)).not.toBe(chart);
    await helm('upgrade', OPERATOR, OPERATOR_CHART, '--wait', '--timeout', '90s');
    expect(await chartLabel(lab)).toBe(chart);
    expect([await uidOf('processmeter/meter'), await uidOf('licensepool/solver')]).toEqual([meter, pool]);
  });

  test('an upgrade and a rollback of the installation change its resources in place', async () => {
    const meter = await uidOf('processmeter/meter');
    await helm('upgrade', 'meter', PRODUCT_CHART, '--values', LICENSING, '--set', 'logLevel=Debug');
    expect((await objectAt(lab, 'processmeter/meter', NAMESPACE)).spec).toMatchObject({ logLevel: 'Debug' });
    await helm('rollback', 'meter', '1');
    expect((await objectAt(lab, 'processmeter/meter', NAMESPACE)).spec).toMatchObject({ logLevel: 'Info' });
    expect(await uidOf('processmeter/meter')).toBe(meter);
  });

  test('what no schema of values can know is refused in the words of the resource', async () => {
    // With all its values: what a refused upgrade leaves out, Helm has forgotten when it uninstalls.
    const upgrade = (set: string): Promise<string> =>
      helm('upgrade', 'meter', PRODUCT_CHART, '--values', LICENSING, '--set', set);
    await expect(upgrade('messaging.embedded.replicas=2')).rejects.toThrow(
      'messaging.embedded.replicas must be 1, 3 or 5: an even number of servers has no majority',
    );
    const changed = ['database.mode=CloudNativePG', 'database.cloudNativePG.clusterRef.name=pg'];
    await expect(upgrade(changed.join(','))).rejects.toThrow(
      'mode cannot change: what is stored there would be left behind',
    );
  });

  test('uninstalled in order, installation first: only the definitions are left', async () => {
    await helm('uninstall', 'meter', '--wait');
    await helm('uninstall', OPERATOR, '--wait');
    expect(await everythingIn(lab, NAMESPACE)).toEqual([]);
    expect(await clusterWide(lab)).toEqual(KEPT);
  });

  test('uninstalled operator first: resources stay and are not stuck, then only the definitions are left', async () => {
    await installOperator();
    await installProduct();
    await helm('uninstall', OPERATOR, '--wait');
    expect(await uidOf('processmeter/meter')).not.toBe('');
    await helm('uninstall', 'meter', '--wait');
    expect(await everythingIn(lab, NAMESPACE)).toEqual([]);
    expect(await clusterWide(lab)).toEqual(KEPT);
  });

  test('the namespace can be deleted with both in it, and they can be installed again', async () => {
    await installOperator();
    await installProduct();
    await lab.kubectl(['delete', 'namespace', NAMESPACE, '--timeout=60s'], { timeoutMs: 70_000 });
    const left = await clusterWide(lab);
    expect(left.filter((name) => !name.startsWith('ClusterRole/'))).toEqual(KEPT);
    await restrictedNamespace(lab, NAMESPACE);
    await installOperator();
    await helm('uninstall', OPERATOR, '--wait');
    expect(await clusterWide(lab)).toEqual(KEPT);
  });
});

async function chartLabel(lab: Lab): Promise<unknown> {
  const path = String.raw`jsonpath={.metadata.labels.helm\.sh/chart}`;
  return lab.kubectl(['get', `deployment/${OPERATOR}`, '-n', NAMESPACE, '-o', path]);
}

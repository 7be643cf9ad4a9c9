import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KINDS } from '@process-meter/crds';
import { describe, expect, test } from 'vitest';
import { CHARTS, OPERATOR_CHART, PRODUCT_CHART } from './generated-files.ts';
import { committed, documents, goldens, notesOf, renderGolden } from './golden.ts';
import { HELM_VERSIONS, helmAlone } from './helm.ts';

const GOLDENS = goldens();
const SETS = GOLDENS.flatMap((golden) => HELM_VERSIONS.map((version) => ({ ...golden, version })));
const MONITORING = ['--api-versions', 'monitoring.coreos.com/v1'];

const template = (chart: string, ...args: string[]): Promise<string> =>
  helmAlone(4, ['template', 'meter', chart, '--namespace', 'metering', ...args]);
const kindsOf = (manifests: string): string[] =>
  [...manifests.matchAll(/^kind: (\S+)$/gm)].map(([, kind]) => kind ?? '');
const imagesOf = (manifests: string): string[] =>
  [...manifests.matchAll(/^\s*(?:- )?image: "?([^"\n]+)"?$/gm)].map(([, image]) => image ?? '');

describe.each(SETS)('$chart with $name, Helm $version', (set) => {
  test('renders what is committed: node e2e/kubernetes/charts/write-goldens.ts', async () => {
    expect(await renderGolden(set, set.version)).toBe(committed(set.manifests));
  });

  test('passes the strict lint', async () => {
    const chart = join(CHARTS, set.chart);
    const said = await helmAlone(set.version, ['lint', '--strict', chart, '--values', set.values]);
    expect(said).toContain('1 chart(s) linted, 0 chart(s) failed');
  });
});

test.each(GOLDENS)('$chart with $name tells people what is committed', async (golden) => {
  expect(await notesOf(golden)).toBe(committed(golden.notes));
});

describe('definitions of the operator chart', () => {
  test('all are rendered and kept when the release goes', async () => {
    const definitions = documents(await template(OPERATOR_CHART)).filter((it) =>
      it.includes('kind: CustomResourceDefinition'),
    );
    expect(definitions).toHaveLength(KINDS.length);
    for (const definition of definitions)
      expect(definition).toMatch(/^ {2}annotations:\n {4}helm.sh\/resource-policy: keep$/m);
  });

  test('crds.keep false lets them go, crds.enabled false leaves them out', async () => {
    expect(await template(OPERATOR_CHART, '--set', 'crds.keep=false')).not.toContain('resource-policy');
    const without = await template(OPERATOR_CHART, '--set', 'crds.enabled=false');
    expect(kindsOf(without)).not.toContain('CustomResourceDefinition');
  });
});

describe('what is made only where it is served', () => {
  const needing = ['ServiceMonitor', 'PrometheusRule'];

  test('a cluster without the operator of Prometheus gets none of its kinds, and is told', async () => {
    expect(kindsOf(await template(OPERATOR_CHART))).not.toEqual(
      expect.arrayContaining([expect.stringMatching(needing.join('|'))]),
    );
    const said = await helmAlone(4, ['install', 'meter', OPERATOR_CHART, '--dry-run=client']);
    expect(said).toContain('the cluster does not serve monitoring.coreos.com/v1');
  });

  test('a cluster with it gets them, and the dashboards', async () => {
    const made = await template(OPERATOR_CHART, ...MONITORING);
    expect(kindsOf(made)).toEqual(expect.arrayContaining([...needing, 'ConfigMap']));
  });
});

describe('images', () => {
  const digest = `sha256:${'ab'.repeat(32)}`;

  test('of the operator chart can all be moved by registry, repository, tag and digest', async () => {
    const all = ['--set', 'preDeleteCheck.enabled=true', '--set-string'];
    const moved = await template(OPERATOR_CHART, ...all, 'image.registry=a,image.repository=b/c,image.tag=1');
    expect(new Set(imagesOf(moved))).toEqual(new Set(['a/b/c:1']));
    expect(imagesOf(moved)).toHaveLength(2);
    const pinned = await template(
      OPERATOR_CHART,
      ...all,
      `global.imageRegistry=mirror/x,image.digest=${digest},image.tag=1`,
    );
    expect(new Set(imagesOf(pinned))).toEqual(new Set([`mirror/x/process-meter/operator@${digest}`]));
  });

  test('of the product can all be moved: each part of the resource has its place in the values', async () => {
    const definition = readFileSync(join(CHARTS, '../crds/generated/processmeters.yaml'), 'utf8');
    const parts = [
      ...(/component:\n(?:.*\n)*?\s*enum:\n((?:\s*- \w+\n)+)/.exec(definition)?.[1] ?? '').matchAll(/\w+/g),
    ];
    const names = parts.map(([name]) => name);
    expect(names.length).toBeGreaterThan(3);
    const made = await template(
      PRODUCT_CHART,
      ...names.flatMap((name) => ['--set', `images.${name.toLowerCase()}.digest=${digest}`]),
    );
    expect(
      [...made.matchAll(/component: (\w+)\n\s*digest: (\S+)/g)].map(([, name, value]) => [name, value]),
    ).toEqual(names.map((name) => [name, digest]));
  });

  test('need the credentials that are named anywhere', async () => {
    const made = await template(
      OPERATOR_CHART,
      '--set',
      'preDeleteCheck.enabled=true,global.imagePullSecrets[0].name=a,image.pullSecrets[0].name=b',
    );
    expect(made.match(/imagePullSecrets:\n\s+- name: a\n\s+- name: b\n/g)).toHaveLength(2);
  });
});

describe('templates', () => {
  const files = [OPERATOR_CHART, PRODUCT_CHART].flatMap((chart) =>
    readdirSync(join(chart, 'templates'), { recursive: true, encoding: 'utf8' })
      .map((file) => join(chart, 'templates', file))
      .filter((file) => /\.(yaml|tpl|txt)$/.test(file)),
  );

  test.each(files)('%s makes up no password, key, date or name, and asks no cluster', (file) => {
    const invents =
      /\b(rand(Alpha|AlphaNum|Numeric|Ascii|Bytes|Int)|gen(CA|SelfSignedCert|SignedCert|PrivateKey)\w*|derivePassword|htpasswd|bcrypt|uuidv4|now|shuffle|lookup|getHostByName)\b/;
    const actions = [...readFileSync(file, 'utf8').matchAll(/\{\{.*?\}\}/gs)].map(([action]) => action);
    expect(actions.filter((action) => invents.test(action) && !action.startsWith('{{/*'))).toEqual([]);
  });
});

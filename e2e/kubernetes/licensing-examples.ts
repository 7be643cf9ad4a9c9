import { API_VERSION } from '@process-meter/crds';
import { EXAMPLES } from '@process-meter/crds/examples';

export const LICENSING = [
  'MonitoredApplication',
  'LicensePool',
  'ApplicationPolicy',
  'LicenseServer',
  'RentalOffer',
] as const;
export type LicensingName = (typeof LICENSING)[number];

export interface Example {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
  spec: unknown;
}

/** Every valid example of the licensing kinds under a name of its own. */
export function licensingExamples(): Example[] {
  return EXAMPLES.filter(({ kind }) => LICENSING.some((one) => one === kind)).flatMap(({ valid }) =>
    valid.map(({ object }, at) => ({ ...object, metadata: { name: `${object.metadata.name}-${at}` } })),
  );
}

/** What the examples name. */
export function namedByExamples(): Example[] {
  const resource = (kind: LicensingName, name: string, spec: object): Example => ({
    apiVersion: API_VERSION,
    kind,
    metadata: { name },
    spec,
  });
  const application = (name: string): Example =>
    resource('MonitoredApplication', name, { displayName: `The ${name}`, rules: [{ executable: name }] });
  const pool = (name: string): Example =>
    resource('LicensePool', name, { displayName: `Pool ${name}`, metric: 'Concurrent', quantity: 5 });
  const endpoints = [{ host: 'licences.corp.local', port: 27_000 }];
  return [
    application('cad'),
    application('solver'),
    pool('cad-pro'),
    pool('solver'),
    resource('LicenseServer', 'flex', { type: 'FlexNet', endpoints }),
  ];
}

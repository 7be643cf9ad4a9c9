import type { DeclaredKind } from '@process-meter/contract';

/** A resource as it is applied. */
export interface Resource {
  kind: DeclaredKind;
  plural: string;
  name: string;
  spec: Readonly<Record<string, unknown>>;
}

export interface Size {
  applications: number;
  pools: number;
}

/** Applications, and pools of ten of them each. */
export function resources({ applications, pools }: Size): Resource[] {
  return [
    ...Array.from({ length: applications }, (_, i) => application(i)),
    ...Array.from({ length: pools }, (_, i) => pool(i, applications)),
  ];
}

const nameOf = (i: number): string => `application-${i}`;

function application(i: number): Resource {
  const spec = {
    displayName: `Application ${i}`,
    rules: [{ executable: `app${i}.exe`, publisher: 'Acme*' }, { path: `/opt/app${i}/*` }],
  };
  return { kind: 'MonitoredApplication', plural: 'monitoredapplications', name: nameOf(i), spec };
}

function pool(i: number, applications: number): Resource {
  const named = Array.from({ length: 10 }, (_, n) => ({ name: nameOf((i * 10 + n) % applications) }));
  const spec = { displayName: `Pool ${i}`, metric: 'Concurrent', quantity: 50, applications: named };
  return { kind: 'LicensePool', plural: 'licensepools', name: `pool-${i}`, spec };
}

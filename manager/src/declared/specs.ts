import {
  applicationPolicySpecSchema,
  licensePoolSpecSchema,
  licenseServerSpecSchema,
  monitoredApplicationSpecSchema,
  rentalOfferSpecSchema,
  type MonitoredApplicationSpec,
} from '@process-meter/crds';
import { AppError, type DeclaredKind } from '@process-meter/contract';
import { z } from 'zod';

/** A reference of a spec to another resource, `Kind/name`. */
export type Named = `${DeclaredKind}/${string}`;

/** A spec that keeps the rules of its kind, with its defaults, and what it names. */
export interface CheckedSpec {
  spec: Readonly<Record<string, unknown>>;
  /** Of a MonitoredApplication only. */
  application: MonitoredApplicationSpec | undefined;
  names: readonly Named[];
}

const READERS: Readonly<Record<DeclaredKind, (spec: unknown) => CheckedSpec>> = {
  MonitoredApplication: (given) => {
    const spec = monitoredApplicationSpecSchema.parse(given);
    return { spec, application: spec, names: [] };
  },
  LicensePool: (given) => {
    const spec = licensePoolSpecSchema.parse(given);
    const { applications = [], serverRef } = spec;
    return checked(spec, [
      ...applications.map(({ name }): Named => `MonitoredApplication/${name}`),
      ...(serverRef === undefined ? [] : [`LicenseServer/${serverRef.name}` as const]),
    ]);
  },
  ApplicationPolicy: (given) => {
    const spec = applicationPolicySpecSchema.parse(given);
    return checked(
      spec,
      spec.applications.map(({ name }): Named => `MonitoredApplication/${name}`),
    );
  },
  LicenseServer: (given) => {
    const spec = licenseServerSpecSchema.parse(given);
    return checked(
      spec,
      (spec.features ?? []).map(({ poolRef }): Named => `LicensePool/${poolRef.name}`),
    );
  },
  RentalOffer: (given) => {
    const spec = rentalOfferSpecSchema.parse(given);
    return checked(spec, [
      `MonitoredApplication/${spec.applicationRef.name}`,
      ...(spec.poolRef === undefined ? [] : [`LicensePool/${spec.poolRef.name}` as const]),
    ]);
  },
};

function checked(spec: Readonly<Record<string, unknown>>, names: readonly Named[]): CheckedSpec {
  return { spec, application: undefined, names: [...new Set(names)] };
}

/** @throws AppError PM-4022 with everything that is wrong with it, in one line */
export function checkSpec(kind: DeclaredKind, spec: unknown): CheckedSpec {
  try {
    return READERS[kind](spec);
  } catch (cause) {
    if (!(cause instanceof z.ZodError)) throw cause;
    const wrong = cause.issues.map(({ path, message }) => `${['spec', ...path].join('.')}: ${message}`);
    throw new AppError('declarationRefused', wrong.join('; ').slice(0, 2000), { cause });
  }
}

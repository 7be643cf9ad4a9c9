import type { InstallationReason } from '../reasons.ts';
import type { Release } from './catalogue.ts';

/** Why a release cannot be run now, in the words of a condition. */
export interface Refusal {
  reason: InstallationReason;
  message: string;
}

export interface Installed {
  /** Release that runs; undefined on the first installation. */
  version: string | undefined;
  /** Newest migration in the database. */
  schemaVersion: string | undefined;
}

/** Says of a release whether a person let it in; always true where moves are not supervised. */
export type Approval = (version: string) => boolean;

/** The release to run, or why not. Back is allowed as long as the database was not migrated past what it works with. */
export function releaseFor(
  wanted: string,
  installed: Installed,
  releases: readonly Release[],
  approved: Approval = () => true,
): { release: Release } | { refusal: Refusal } {
  const release = releases.find(({ version }) => version === wanted);
  if (release === undefined) {
    const known = releases.map(({ version }) => version).join(', ');
    const message = `this operator does not know release ${wanted}; it knows ${known}. Upgrade the operator first`;
    return { refusal: { reason: 'UnknownRelease', message } };
  }
  if (installed.schemaVersion !== undefined && !worksOn(release, installed.schemaVersion, releases)) {
    const message = `release ${wanted} works with the database up to ${release.schema}, but ${installed.schemaVersion} has run: restore a backup made before, or go forward`;
    return { refusal: { reason: 'DowngradeRefused', message } };
  }
  if (installed.version !== undefined && compareVersions(installed.version, release.from) < 0) {
    const message = `release ${wanted} can be reached from ${release.from} on; ${installed.version} runs: upgrade to a release between them first`;
    return { refusal: { reason: 'UpgradeSkipsRelease', message } };
  }
  if (installed.version !== undefined && installed.version !== wanted && !approved(wanted)) {
    const message = `release ${wanted} waits for approval, ${installed.version} goes on running: set spec.upgrade.approvedVersion to ${wanted}`;
    return { refusal: { reason: 'UpgradeNotApproved', message } };
  }
  return { release };
}

/** Whether a release works with a schema: with older ones once they are migrated, with a newer one that only added. */
function worksOn(release: Release, schema: string, releases: readonly Release[]): boolean {
  if (schema <= release.schema) return true;
  return releases.some((one) => one.schema === schema && (one.worksWith ?? one.schema) <= release.schema);
}

/** Order of versions as in semver; a pre-release comes before its release. */
export function compareVersions(one: string, other: string): number {
  const [a, b] = [split(one), split(other)];
  for (let at = 0; at < 3; at += 1) {
    const difference = (a.numbers[at] ?? 0) - (b.numbers[at] ?? 0);
    if (difference !== 0) return difference;
  }
  if (a.pre === b.pre) return 0;
  if (a.pre === '' || b.pre === '') return a.pre === '' ? 1 : -1;
  return a.pre < b.pre ? -1 : 1;
}

function split(version: string): { numbers: number[]; pre: string } {
  const dash = version.indexOf('-');
  const core = dash < 0 ? version : version.slice(0, dash);
  return { numbers: core.split('.').map(Number), pre: dash < 0 ? '' : version.slice(dash + 1) };
}

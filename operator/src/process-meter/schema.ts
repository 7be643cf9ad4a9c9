import { JOBS } from '../resources.ts';
import { migrationJob } from '../render/migration.ts';
import { bindingsOf } from './bindings.ts';
import { migrationOf, migrationsOf } from './migrations.ts';
import { done, make, stall, wait, type Pass, type StepDeps, type StepResult } from './pass.ts';

/** Runs the migrations of the release before any of its pods starts. */
export async function schemaStep(pass: Pass, deps: StepDeps): Promise<StepResult> {
  const { release } = pass.installation;
  const passing = migrationsOf(pass.object, deps.jobs.list(pass.installation.namespace)).find(
    ({ state, schema }) => state === 'begun' && schema > release.schema,
  );
  // Nobody can tell what a migration that is ended in the middle has kept: it may be just through.
  if (passing !== undefined)
    return wait(
      'Migrating',
      `Job ${passing.name} is bringing the database to ${passing.schema}, past release ${release.version}: whether that can run is known when the Job has ended.`,
    );
  const present = pass.installed.schemaVersion;
  // On the way back: an older release works with it, and would not know the migrations that ran.
  if (present !== undefined && present > release.schema) {
    pass.schemaVersion = present;
    return done(
      'Migrated',
      `The database is at ${present}, with which release ${release.version} works too.`,
    );
  }
  const bindings = bindingsOf(pass);
  const objects = await make(pass, deps, migrationJob(pass.installation, bindings, pass.databaseChecksum));
  const job = objects.find(({ kind }) => kind === JOBS.kind);
  if (job === undefined) throw new Error('no Job was rendered for the migration');
  const { name, state, failure } = migrationOf(job);
  if (state === 'complete') {
    pass.schemaVersion = release.schema;
    return done('Migrated', `The database is at ${release.schema}.`);
  }
  if (state === 'failed')
    return stall(
      'MigrationFailed',
      `Job ${name} failed (${failure}). Read its log; delete the Job to try again.`,
    );
  return wait('Migrating', `Job ${name} brings the database to ${release.schema}.`);
}

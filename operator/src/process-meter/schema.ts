import { z } from 'zod';
import { migrationJob } from '../render/migration.ts';
import { bindingsOf } from './bindings.ts';
import { done, make, stall, wait, type Pass, type StepDeps, type StepResult } from './pass.ts';

const jobStatusSchema = z.looseObject({
  conditions: z
    .array(z.looseObject({ type: z.string(), status: z.string(), message: z.string().default('') }))
    .default([]),
});

/** Runs the migrations of the release before any of its pods starts. */
export async function schemaStep(pass: Pass, deps: StepDeps): Promise<StepResult> {
  const bindings = bindingsOf(pass);
  const objects = await make(pass, deps, migrationJob(pass.installation, bindings, pass.databaseChecksum));
  const job = objects.find(({ kind }) => kind === 'Job');
  if (job === undefined) throw new Error('no Job was rendered for the migration');
  const { conditions } = jobStatusSchema.parse(job['status'] ?? {});
  const has = (type: string): string | undefined =>
    conditions.find((one) => one.type === type && one.status === 'True')?.message;
  const { schema } = pass.installation.release;
  if (has('Complete') !== undefined) {
    pass.schemaVersion = schema;
    return done('Migrated', `The database is at ${schema}.`);
  }
  const failure = has('Failed');
  if (failure === undefined)
    return wait('Migrating', `Job ${job.metadata.name} brings the database to ${schema}.`);
  return stall(
    'MigrationFailed',
    `Job ${job.metadata.name} failed (${failure}). Read its log; delete the Job to try again.`,
  );
}

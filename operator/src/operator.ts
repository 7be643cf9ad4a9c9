import { backupController } from './backup/controller.ts';
import { ingestController } from './ingest/controller.ts';
import { addLicensing, createManagerClient } from './licensing/index.ts';
import { managerController } from './manager/controller.ts';
import { ConfigSync } from './platform/config-sync.ts';
import { SecretReader } from './platform/secret-reader.ts';
import { portalController } from './portal/controller.ts';
import { processMeterController } from './process-meter/controller.ts';
import type { Release } from './release/catalogue.ts';
import { restoreController } from './restore/controller.ts';
import { OperatorManager, type ManagerDeps, type ManagerOptions } from './runtime/index.ts';

export interface OperatorOptions extends ManagerOptions {
  releases: readonly Release[];
  /** Time between two looks at what cannot be watched: kinds that not every cluster has. */
  lookAgainMs: number;
  /** Ms between two looks at what the Manager counted. */
  figuresMs: number;
  /** Where the Manager is, when it is not where its Service says. */
  managerUrl: string | undefined;
}

export interface OperatorDeps extends ManagerDeps {
  /** A password of 160 bits or more that begins with a letter. */
  password: () => string;
}

/** The operator with all its controllers, ready to run. */
export function createOperator(options: OperatorOptions, deps: OperatorDeps): OperatorManager {
  const operator = new OperatorManager(options, deps);
  const { clock, password } = deps;
  const secrets = new SecretReader(operator);
  const now = (): number => clock.now();
  const part = { operator, secrets, now };
  operator.add(managerController(part));
  operator.add(ingestController(part));
  operator.add(portalController(part));
  const monotonic = (): number => clock.monotonic();
  const configSync = new ConfigSync((key) => processMeters.enqueue(key));
  const processMeters = operator.add(
    processMeterController({
      ...part,
      releases: options.releases,
      lookAgainMs: options.lookAgainMs,
      monotonic,
      password,
      configSync,
    }),
  );
  operator.add(backupController({ ...part, releases: options.releases }));
  operator.add(restoreController({ ...part, releases: options.releases }));
  const manager = createManagerClient(deps);
  const { figuresMs, managerUrl } = options;
  addLicensing({ ...part, manager, configSync, managerUrl, monotonic, figuresMs });
  return operator;
}

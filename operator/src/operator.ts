import { ingestController } from './ingest/controller.ts';
import { managerController } from './manager/controller.ts';
import { SecretReader } from './platform/secret-reader.ts';
import { portalController } from './portal/controller.ts';
import { processMeterController } from './process-meter/controller.ts';
import type { Release } from './release/catalogue.ts';
import { OperatorManager, type ManagerDeps, type ManagerOptions } from './runtime/index.ts';

export interface OperatorOptions extends ManagerOptions {
  releases: readonly Release[];
  /** Time between two looks at what cannot be watched: kinds that not every cluster has. */
  lookAgainMs: number;
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
  operator.add(
    processMeterController({
      ...part,
      releases: options.releases,
      lookAgainMs: options.lookAgainMs,
      monotonic: () => clock.monotonic(),
      password,
    }),
  );
  return operator;
}

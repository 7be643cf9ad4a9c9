import { ensureRegistry } from './registry.mjs';
import { ensureSystemPackages, neededPackages } from './system-packages.mjs';
import { ensureDependencies, ensureTools } from './tools.mjs';

/**
 * Brings a bare machine to where the project runs: system packages, Node and pnpm, npm dependencies.
 * Each part looks first and does only what is missing.
 * @param {{ desktop: boolean, browser: boolean, bench?: boolean, images?: boolean, registry?: boolean }} wanted
 */
export async function bootstrap(wanted) {
  await ensureSystemPackages(neededPackages(wanted));
  if (wanted.registry) await ensureRegistry();
  const tools = await ensureTools();
  await ensureDependencies(tools);
  return tools;
}

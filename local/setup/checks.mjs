import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from './commands.mjs';
import { buildPortal } from './portal-build.mjs';

/**
 * The checks of `npm test`, in two lanes that run at the same time. The portal's run one after another, because
 * they write the same generated folder.
 */
export function checkLanes(tools) {
  const bin = (name, ...args) => ['pnpm', 'exec', name, ...args];
  const command = (name, [program, ...args]) => ({
    name,
    run: () => run(program, args, { env: tools.env }),
  });
  return [
    [
      command('formatting', bin('prettier', '--check', '--log-level=warn', '.')),
      command('types', bin('tsc', '-b')),
      command('lint', bin('oxlint', '--type-aware', '--deny-warnings')),
      command('dependency rule', ['pnpm', 'run', '--silent', 'deps']),
      { name: 'OpenAPI document is current', run: () => openApiIsCurrent(tools) },
    ],
    [
      command('portal types', ['pnpm', 'run', '--silent', 'portal:check']),
      command('portal lint', bin('eslint', 'portal/src', '--max-warnings', '0')),
      { name: 'portal build and size budget', run: () => buildPortal(tools, { budget: true }) },
    ],
  ];
}

async function openApiIsCurrent(tools) {
  const file = join(root, 'docs', 'api', 'openapi.json');
  const made = await run(tools.node, [join(root, 'manager', 'src', 'cli.ts'), 'openapi'], { env: tools.env });
  if (made.code !== 0) return made;
  const same = existsSync(file) && readFileSync(file, 'utf8').trim() === made.output.trim();
  return same
    ? made
    : { code: 1, output: 'docs/api/openapi.json is not what the code makes: run pnpm gen\n' };
}

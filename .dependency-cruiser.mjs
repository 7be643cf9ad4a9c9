// The dependency rule of docs/architecture.md, as code.
const services = ['agent', 'manager', 'operator', 'portal'];
const TEST = '(\\.test\\.ts$|/testing/)';

export default {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'contract-imports-nothing-of-ours',
      severity: 'error',
      from: { path: '^contract/' },
      to: { path: '^(agent|manager|operator|portal|local|e2e)/' },
    },
    {
      name: 'crds-imports-nothing-of-ours',
      comment:
        'The kinds are the contract with the cluster: charts, operator and portal take them, not the other way.',
      severity: 'error',
      from: { path: '^crds/' },
      to: { path: '^(agent|contract|manager|operator|portal|local|e2e|bench)/' },
    },
    ...services.map((service) => ({
      name: `${service}-imports-no-other-service`,
      severity: 'error',
      from: { path: `^${service}/`, pathNot: TEST },
      to: { path: `^(${[...services, 'local', 'e2e'].filter((other) => other !== service).join('|')})/` },
    })),
    {
      name: 'local-imports-no-service',
      comment: 'The appliance on one machine starts the services as processes; it never links them.',
      severity: 'error',
      from: { path: '^local/' },
      to: { path: '^(agent|manager|operator|portal|e2e)/' },
    },
    {
      name: 'runtime-knows-no-kind',
      comment: 'The controller runtime serves every kind and imports none of them.',
      severity: 'error',
      from: { path: '^operator/src/runtime/', pathNot: TEST },
      to: { path: '^(operator/src/(?!runtime/)|crds/|contract/)' },
    },
    {
      name: 'domains-only-through-index',
      comment: 'Inside the manager a domain imports another only through its index.ts.',
      severity: 'error',
      from: { path: '^manager/src/([^/]+)/', pathNot: TEST },
      to: {
        path: '^manager/src/([^/]+)/',
        pathNot: ['^manager/src/$1/', '/index\\.ts$', '^manager/src/db/'],
      },
    },
    {
      name: 'sql-only-in-stores',
      severity: 'error',
      from: {
        path: '^manager/',
        pathNot: ['/store\\.ts$', '-store\\.ts$', '^manager/src/db/', '^manager/migrations/', TEST],
      },
      to: { path: 'node_modules/(pg|kysely|pg-copy-streams)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'portal-browser-code-takes-types-only',
      severity: 'error',
      from: {
        path: '^portal/src/',
        pathNot: ['\\.server\\.ts$', '/server/', '\\+server\\.ts$', '\\.test\\.ts$'],
      },
      to: { path: '^contract/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-undeclared',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(\\.svelte-kit|build/)' },
    // Test tools are declared once, at the root.
    combinedDependencies: true,
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
      extensions: ['.ts', '.mjs', '.js', '.svelte'],
    },
  },
};

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXAMPLES } from './examples/index.ts';
import { KINDS } from './kinds/index.ts';
import { VERSION } from './group.ts';
import { customResourceDefinition } from './schema/crd.ts';

// `node crds/src/release.ts 0.2.0` keeps the present definitions as those of a release; never run twice for one.
const [release] = process.argv.slice(2);
if (release === undefined || !/^\d+\.\d+\.\d+$/.test(release)) throw new Error('usage: release.ts VERSION');
const folder = join(import.meta.dirname, '..', 'released', `${VERSION}-${release}`);
mkdirSync(folder, { recursive: false });
const objects = EXAMPLES.flatMap(({ valid }) => valid.map(({ object }) => object));
writeFileSync(join(folder, 'objects.json'), `${JSON.stringify(objects, undefined, 1)}\n`);
for (const kind of KINDS) {
  const json = `${JSON.stringify(customResourceDefinition(kind), undefined, 1)}\n`;
  writeFileSync(join(folder, `${kind.plural}.json`), json);
}

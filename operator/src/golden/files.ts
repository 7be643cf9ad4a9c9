import { toYaml } from '@process-meter/crds';
import { RELEASES } from '../release/catalogue.ts';
import { renderEverything } from '../render/everything.ts';
import { INSTALLATIONS } from './installations.ts';

/** Content by file name: what each installation comes to, an object a document. */
export function goldenFiles(): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(INSTALLATIONS).map(([name, processMeter]) => {
      const release = RELEASES.find(({ version }) => version === processMeter.spec.version);
      if (release === undefined) throw new Error(`${name}: no release ${processMeter.spec.version}`);
      const objects = renderEverything(processMeter, release).map(({ object }) => toYaml(object));
      return [`${name}.yaml`, objects.join('---\n')];
    }),
  );
}

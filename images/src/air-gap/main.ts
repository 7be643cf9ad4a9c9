import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildImages } from '../build.ts';
import { serverPlans, servicePlans } from '../images.ts';
import { findServers } from '../servers.ts';
import { VERSION } from '../version.ts';
import { makeBundle } from './bundle.ts';
import { makeSigningKey } from './signature.ts';

const HELP = `Usage: npm run air-gap -- [options]
       npm run air-gap -- key [--out FOLDER]

Makes one file with all that an installation without the internet needs: charts, images, checksums and a signature.
With "key": makes the key pair for signatures, process-meter.key and process-meter.pub.

  --to FOLDER   where the bundle is written (dist/air-gap)
  --key FILE    private key to sign with; without one the bundle is not signed
  --out FOLDER  where the keys are written (the current folder)
  --help        this text
`;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

try {
  await run();
} catch (error) {
  process.stderr.write(`air-gap: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function run(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: {
      to: { type: 'string', default: 'dist/air-gap' },
      key: { type: 'string' },
      out: { type: 'string', default: '.' },
      help: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  if (values.help) return void process.stdout.write(HELP);
  if (positionals[0] === 'key') return makeKeys(resolve(values.out));
  if (positionals.length > 0) throw new Error(`no such command: ${positionals.join(' ')}; --help tells more`);
  const archive = await makeBundle({
    version: VERSION,
    images: (folder) =>
      buildImages([...servicePlans(VERSION), ...serverPlans(findServers(say))], { folder, say }),
    to: resolve(values.to),
    key: values.key === undefined ? undefined : resolve(values.key),
  });
  say(`${(statSync(archive).size / 1e6).toFixed(0)} MB  ${archive}`);
  if (values.key === undefined) say('not signed: give --key, or check the file by its checksum');
}

function makeKeys(folder: string): void {
  const [key, pub] = [join(folder, 'process-meter.key'), join(folder, 'process-meter.pub')];
  makeSigningKey(key, pub);
  say(`${key} signs bundles: keep it to yourself\n${pub} checks them: give it to those who install`);
}

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from './command.ts';
import { until } from './wait.ts';

/** Reserved for tests between devices (RFC 2544): nothing real has these addresses. */
const NETWORK = '198.18';
const LABS = 250;
const TAKEN = /File exists/;

/**
 * Waits for the holder and connects its network with the machine's by a pair of virtual interfaces.
 * @param ended when the holder has ended
 * @returns the holder's pid and the address inside
 * @throws Error with the reason why this machine does not allow it
 */
export async function enterNamespaces(
  run: string,
  ended: Promise<unknown>,
): Promise<{ holderPid: number; address: string }> {
  let over = false;
  void ended.then(() => (over = true));
  const file = join(run, 'holder');
  await until('namespaces of our own', () => existsSync(file) || over, { timeoutMs: 20_000, everyMs: 5 });
  if (over) throw new Error('this machine does not allow namespaces (unshare ended at once)');
  const holderPid = Number(readFileSync(file, 'utf8'));
  const lab = await addLink(holderPid);
  // For the keeper, which removes it.
  writeFileSync(join(run, 'link'), linkName(lab));
  const [outside, inside] = [`${NETWORK}.${lab}.1`, `${NETWORK}.${lab}.2`];
  await ip('address', 'add', `${outside}/24`, 'dev', linkName(lab));
  await ip('link', 'set', linkName(lab), 'up');
  const setUp = `ip address add ${inside}/24 dev node0 && ip link set node0 up && ip route add default via ${outside}`;
  await runCommand('nsenter', ['--target', String(holderPid), '--net', '--', 'sh', '-c', setUp]);
  return { holderPid, address: inside };
}

/** The first name that is free: adding it is the lock that keeps two labs from one address. */
async function addLink(holder: number): Promise<number> {
  for (let lab = 1; lab <= LABS; lab += 1) {
    try {
      await ip(
        'link',
        'add',
        linkName(lab),
        'type',
        'veth',
        'peer',
        'name',
        'node0',
        'netns',
        String(holder),
      );
      return lab;
    } catch (error) {
      if (!(error instanceof Error) || !TAKEN.test(error.message)) throw error;
    }
  }
  throw new Error(`${LABS} labs run already`);
}

/** Names of the links of all labs begin with this. */
export const LINK_PREFIX = 'pm-lab';

function linkName(lab: number): string {
  return `${LINK_PREFIX}${lab}`;
}

async function ip(...args: string[]): Promise<void> {
  await runCommand('ip', args);
}

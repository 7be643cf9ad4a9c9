import type { Lab } from '@process-meter/e2e/lab';

/** Does what cert-manager does for one Certificate. */
export interface CertificatePlayer {
  /** It cannot issue just now, and says why. */
  refuse(message: string): Promise<void>;
  /** It has issued: the Secret is there, and the Certificate ready. @param pair PEM */
  issue(pair: { 'ca.crt': string; 'tls.crt': string; 'tls.key': string }): Promise<void>;
}

export function certificatePlayer(
  lab: Lab,
  { namespace, name }: { namespace: string; name: string },
): CertificatePlayer {
  const say = async (status: string, message: string): Promise<void> => {
    const conditions = [{ type: 'Ready', status, reason: 'Played', message }];
    const patch = JSON.stringify({ status: { conditions } });
    const what = ['patch', `certificates.cert-manager.io/${name}`, '-n', namespace];
    await lab.kubectl([...what, '--subresource=status', '--type=merge', '-p', patch]);
  };
  return {
    refuse: (message) => say('False', message),
    async issue(stringData) {
      const metadata = { name, namespace };
      await lab.apply([
        { apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/tls', metadata, stringData },
      ]);
      await say('True', 'Certificate is up to date and has not expired');
    },
  };
}

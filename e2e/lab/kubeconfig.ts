/** Text of a kubeconfig with one user. It is JSON, which every reader of a kubeconfig takes as YAML. */
export function kubeconfigText(server: string, ca: string, user: KubeconfigUser): string {
  return JSON.stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'lab', cluster: { server, 'certificate-authority-data': base64(ca) } }],
      users: [{ name: 'lab', user: userData(user) }],
      contexts: [{ name: 'lab', context: { cluster: 'lab', user: 'lab' } }],
      'current-context': 'lab',
    },
    undefined,
    2,
  );
}

/** A client certificate with its key (PEM), or a bearer token. */
export type KubeconfigUser = { certificate: string; key: string } | { token: string };

function userData(user: KubeconfigUser): Record<string, string> {
  if ('token' in user) return { token: user.token };
  return { 'client-certificate-data': base64(user.certificate), 'client-key-data': base64(user.key) };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

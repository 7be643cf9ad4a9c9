import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from './command.ts';

const AUTHORITY_DAYS = '3';
const LEAF_DAYS = '2';

/** First address of the Service range: how pods reach the API server. */
const KUBERNETES_SERVICE = '10.96.0.1';

interface Leaf {
  name: string;
  authority: 'ca' | 'front-ca';
  subject: string;
  use: 'serverAuth' | 'clientAuth';
  names?: readonly string[];
}

function leaves(address: string, node: string | undefined): Leaf[] {
  const services = ['', '.default', '.default.svc', '.default.svc.cluster.local'];
  const local = ['DNS:localhost', 'IP:127.0.0.1', ...(address === '127.0.0.1' ? [] : [`IP:${address}`])];
  const client = (name: string, subject: string): Leaf => ({
    name,
    authority: 'ca',
    subject,
    use: 'clientAuth',
  });
  const server = (name: string, names: readonly string[]): Leaf => ({
    name,
    authority: 'ca',
    subject: `/CN=${name}`,
    use: 'serverAuth',
    names,
  });
  return [
    server('kube-apiserver', [
      ...services.map((tail) => `DNS:kubernetes${tail}`),
      ...local,
      `IP:${KUBERNETES_SERVICE}`,
    ]),
    server('kube-controller-manager', local),
    server('kube-scheduler', local),
    server('fake-nodes', local),
    client('admin', '/O=system:masters/CN=lab-admin'),
    // A name of its own, so that the audit log tells what a test writes from what KWOK does for its nodes.
    client('kwok', '/O=system:masters/CN=lab-kwok'),
    client('controller-manager-client', '/CN=system:kube-controller-manager'),
    client('scheduler-client', '/CN=system:kube-scheduler'),
    { name: 'front', authority: 'front-ca', subject: '/CN=front-proxy-client', use: 'clientAuth' },
    ...(node === undefined
      ? []
      : [
          client('node', `/O=system:nodes/CN=system:node:${node}`),
          client('kube-proxy-client', '/CN=system:kube-proxy'),
          client('kubelet-client', '/O=system:masters/CN=kube-apiserver-kubelet-client'),
          server('kubelet', [`DNS:${node}`, ...local]),
        ]),
  ];
}

/**
 * Makes authorities, certificates (P-256) and the key pair of ServiceAccount tokens in `folder`, as `<name>.crt` and
 * `<name>.key`.
 * @param address where the servers listen
 * @param node name of the real node, if there is one
 */
export async function makeCertificates(
  folder: string,
  address: string,
  node: string | undefined,
): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await Promise.all([authority(folder, 'ca'), authority(folder, 'front-ca'), tokenKeys(folder)]);
  await Promise.all(leaves(address, node).map((leaf) => sign(folder, leaf)));
}

const openssl = (args: readonly string[]): Promise<string> => runCommand('openssl', args);

async function key(file: string): Promise<void> {
  await openssl(['ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', file]);
}

async function authority(folder: string, name: string): Promise<void> {
  const path = join(folder, name);
  await key(`${path}.key`);
  await openssl(
    [
      ['req', '-x509', '-new', '-sha256', '-key', `${path}.key`, '-days', AUTHORITY_DAYS],
      ['-subj', `/CN=lab-${name}`, '-addext', 'keyUsage=critical,keyCertSign,digitalSignature,cRLSign'],
      ['-out', `${path}.crt`],
    ].flat(),
  );
}
async function tokenKeys(folder: string): Promise<void> {
  const path = join(folder, 'sa');
  await openssl(['genrsa', '-out', `${path}.key`, '2048']);
  await openssl(['rsa', '-in', `${path}.key`, '-pubout', '-out', `${path}.pub`]);
}

async function sign(folder: string, leaf: Leaf): Promise<void> {
  const path = join(folder, leaf.name);
  const ca = join(folder, leaf.authority);
  const extensions = [
    'basicConstraints=critical,CA:FALSE',
    'keyUsage=critical,digitalSignature',
    `extendedKeyUsage=${leaf.use}`,
    ...(leaf.names === undefined ? [] : [`subjectAltName=${leaf.names.join(',')}`]),
  ];
  await Promise.all([key(`${path}.key`), writeFile(`${path}.ext`, extensions.join('\n'))]);
  await openssl(['req', '-new', '-key', `${path}.key`, '-subj', leaf.subject, '-out', `${path}.csr`]);
  const serial = crypto.randomUUID().replaceAll('-', '').slice(0, 15);
  await openssl(
    [
      ['x509', '-req', '-sha256', '-in', `${path}.csr`, '-CA', `${ca}.crt`, '-CAkey', `${ca}.key`],
      ['-set_serial', `0x${serial}`, '-days', LEAF_DAYS, '-extfile', `${path}.ext`, '-out', `${path}.crt`],
    ].flat(),
  );
}

import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { z } from 'zod';
import { apiClient } from '../api-client.ts';
import { readQuestion, writeAnswer } from './message.ts';
import { clusterNames } from './names.ts';

// The DNS of a lab's pods: main.ts KUBECONFIG ADDRESS
const PORT = 53;
const LENGTH_BYTES = 2;

const kubeconfigSchema = z.object({
  clusters: z.tuple([
    z.object({ cluster: z.object({ server: z.string(), 'certificate-authority-data': z.base64() }) }),
  ]),
  users: z.tuple([
    z.object({ user: z.object({ 'client-certificate-data': z.base64(), 'client-key-data': z.base64() }) }),
  ]),
});

const [kubeconfig = '', address = ''] = process.argv.slice(2);
const known = kubeconfigSchema.parse(JSON.parse(readFileSync(kubeconfig, 'utf8')));
const [{ cluster }] = known.clusters;
const [{ user }] = known.users;
const text = (base64: string): string => Buffer.from(base64, 'base64').toString();
const api = apiClient({
  ca: text(cluster['certificate-authority-data']),
  cert: text(user['client-certificate-data']),
  key: text(user['client-key-data']),
});
const resolve = clusterNames(api, cluster.server);

async function answer(message: Buffer): Promise<Buffer | undefined> {
  const question = readQuestion(message);
  return question === undefined ? undefined : writeAnswer(question, await resolve(question));
}

const datagrams = createSocket('udp4');
datagrams.on('message', (message, from) => {
  void answer(message).then((reply) => {
    if (reply !== undefined) datagrams.send(reply, from.port, from.address);
  });
});
datagrams.bind(PORT, address);

createServer((socket) => {
  let waiting = Buffer.alloc(0);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    waiting = Buffer.concat([waiting, chunk]);
    while (waiting.length >= LENGTH_BYTES && waiting.length >= LENGTH_BYTES + waiting.readUInt16BE(0)) {
      const end = LENGTH_BYTES + waiting.readUInt16BE(0);
      void reply(socket, waiting.subarray(LENGTH_BYTES, end));
      waiting = waiting.subarray(end);
    }
  });
}).listen(PORT, address);

async function reply(socket: Socket, message: Buffer): Promise<void> {
  const found = await answer(message);
  if (found === undefined) return void socket.destroy();
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt16BE(found.length, 0);
  socket.write(Buffer.concat([length, found]));
}

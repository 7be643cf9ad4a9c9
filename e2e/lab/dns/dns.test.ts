import { expect, test } from 'vitest';
import type { ApiClient } from '../api-client.ts';
import { readQuestion, writeAnswer, type Answer } from './message.ts';
import { clusterNames } from './names.ts';

function query(name: string, type = 1): Buffer {
  const header = Buffer.from([0x12, 0x34, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0]);
  const labels = name.split('.').flatMap((label) => [label.length, ...Buffer.from(label)]);
  return Buffer.concat([header, Buffer.from([...labels, 0, 0, type, 0, 1])]);
}

const slice = {
  endpoints: [
    { addresses: ['10.244.0.5'], hostname: 'db-0', conditions: { ready: true } },
    { addresses: ['10.244.0.6'], hostname: 'db-1', conditions: { ready: false } },
  ],
};
const services: Record<string, object> = {
  web: { clusterIP: '10.96.7.7' },
  db: { clusterIP: 'None' },
  'db-all': { clusterIP: 'None', publishNotReadyAddresses: true },
};
const answering = { isUp: true };
const api: ApiClient = {
  get: (url) => {
    if (!answering.isUp) return Promise.reject(new Error('refused'));
    const { pathname } = new URL(url);
    if (pathname.includes('endpointslices'))
      return Promise.resolve({ status: 200, body: JSON.stringify({ items: [slice, { endpoints: null }] }) });
    const spec = services[pathname.split('/').at(-1) ?? ''];
    return Promise.resolve({ status: spec === undefined ? 404 : 200, body: JSON.stringify({ spec }) });
  },
};
const resolve = clusterNames(api, 'https://api.test');
const ask = (name: string, type?: number): Promise<Answer> => resolve(readQuestion(query(name, type))!);

test.each<[string, number, Answer]>([
  ['web.app.svc.cluster.local', 1, { rcode: 'ok', addresses: ['10.96.7.7'] }],
  ['WEB.app.svc.cluster.local', 1, { rcode: 'ok', addresses: ['10.96.7.7'] }],
  ['web.app.svc.cluster.local', 28, { rcode: 'ok', addresses: [] }],
  ['db.app.svc.cluster.local', 1, { rcode: 'ok', addresses: ['10.244.0.5'] }],
  ['db-all.app.svc.cluster.local', 1, { rcode: 'ok', addresses: ['10.244.0.5', '10.244.0.6'] }],
  ['db-0.db.app.svc.cluster.local', 1, { rcode: 'ok', addresses: ['10.244.0.5'] }],
  ['db-1.db.app.svc.cluster.local', 1, { rcode: 'noSuchName', addresses: [] }],
  ['none.app.svc.cluster.local', 1, { rcode: 'noSuchName', addresses: [] }],
  ['web.app.svc.app.svc.cluster.local', 1, { rcode: 'noSuchName', addresses: [] }],
  ['example.test', 1, { rcode: 'noSuchName', addresses: [] }],
])('%s of type %i', async (name, type, expected) => {
  expect(await ask(name, type)).toEqual(expected);
});

test('while the API server is away a known name keeps its address, another one is a failure', async () => {
  await ask('web.app.svc.cluster.local');
  answering.isUp = false;
  expect(await ask('web.app.svc.cluster.local')).toEqual({ rcode: 'ok', addresses: ['10.96.7.7'] });
  expect(await ask('db-all.other.svc.cluster.local')).toEqual({ rcode: 'serverFailure', addresses: [] });
  answering.isUp = true;
});

test('an answer repeats the question and holds the addresses', () => {
  const question = readQuestion(query('web.app.svc.cluster.local'))!;
  const answer = writeAnswer(question, { rcode: 'ok', addresses: ['10.96.7.7'] });
  expect(answer.subarray(0, 12).toString('hex')).toBe('123485800001000100000000');
  expect(answer.subarray(12, 12 + question.raw.length)).toEqual(question.raw);
  expect(answer.subarray(-16).toString('hex')).toBe('c00c0001000100000002' + '00040a600707');
});

test('what is no question is told from one', () => {
  expect(readQuestion(Buffer.alloc(5))).toBeUndefined();
  expect(readQuestion(query('web.app').subarray(0, 16))).toBeUndefined();
});

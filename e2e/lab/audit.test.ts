import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readAuditLog } from './audit.ts';

const line = (second: number, user: string, resource?: string): string =>
  JSON.stringify({
    auditID: `id-${second}`,
    verb: 'create',
    requestURI: '/api',
    user: { username: user },
    requestReceivedTimestamp: `2026-01-01T00:00:0${second}.500000Z`,
    ...(resource === undefined ? {} : { objectRef: { resource } }),
  });

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pm-audit-'));
  file = join(folder, 'audit.log');
});

afterEach(() => rm(folder, { recursive: true }));

test('an entry that is just being written is left for the next reading', async () => {
  const second = line(2, 'admin');
  await writeFile(file, `${line(1, 'admin')}\n${second.slice(0, 30)}`);
  expect(await readAuditLog(file)).toHaveLength(1);
  await writeFile(file, `${line(1, 'admin')}\n${second}\n`);
  expect(await readAuditLog(file)).toHaveLength(2);
});

test('entries are picked by user, resource and time', async () => {
  await writeFile(file, [line(1, 'a', 'pods'), line(2, 'b', 'pods'), line(3, 'a', 'secrets'), ''].join('\n'));
  const ids = async (filter: object): Promise<string[]> =>
    (await readAuditLog(file, filter)).map(({ auditID }) => auditID);
  expect(await ids({ user: 'a' })).toEqual(['id-1', 'id-3']);
  expect(await ids({ resource: 'pods' })).toEqual(['id-1', 'id-2']);
  expect(await ids({ since: Date.parse('2026-01-01T00:00:02Z') })).toEqual(['id-2', 'id-3']);
  expect(await ids({ user: 'a', resource: 'pods', since: Date.parse('2026-01-01T00:00:02Z') })).toEqual([]);
});

import { z } from 'zod';
import { startTestLab } from './test-lab.ts';

// Starts a lab, tells about it in one line, and waits to be killed: starter.ts ISOLATION [node]
const isolation = z.enum(['auto', 'namespaces', 'plain']).parse(process.argv[2]);
const node = process.argv[3] === 'node';
const { folder, url, pids, adminKubeconfig, ended } = await startTestLab({ isolation, node });
process.stdout.write(`${JSON.stringify({ folder, url, pids, adminKubeconfig })}\n`);
await ended;

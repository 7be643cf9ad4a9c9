import { z } from 'zod';
import { startTestLab } from './test-lab.ts';

// Starts a lab, tells about it in one line, and waits to be killed.
const isolation = z.enum(['auto', 'namespaces', 'plain']).parse(process.argv[2]);
const { folder, url, pids, ended } = await startTestLab({ isolation });
process.stdout.write(`${JSON.stringify({ folder, url, pids })}\n`);
await ended;

import { uIOhook } from 'uiohook-napi';
import type { HookMessage } from './message.ts';

// The handlers take no argument on purpose: which key and where the pointer is are never looked at (agent.md §12).
let kb = false;
let ms = false;
const onKey = (): void => {
  kb = true;
};
const onPointer = (): void => {
  ms = true;
};
uIOhook.on('keydown', onKey);
uIOhook.on('keyup', onKey);
uIOhook.on('mousemove', onPointer);
uIOhook.on('mousedown', onPointer);
uIOhook.on('mouseup', onPointer);
uIOhook.on('wheel', onPointer);

const send = (message: HookMessage): void => {
  if (process.connected) process.send?.(message);
};
// The agent is gone: this process has no reason to live.
process.on('disconnect', () => process.exit(0));

uIOhook.start();
send({ ready: true });
setInterval(() => {
  send({ kb, ms });
  kb = false;
  ms = false;
}, 1000);

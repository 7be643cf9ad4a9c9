export { createReplay, type Replay, type StoredMessage } from './replay.ts';

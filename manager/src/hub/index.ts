export { connectHub, type Hub, type HubDeps, type PresenceMessage } from './hub.ts';
export { MANAGED_STREAMS, STREAM_BYTES } from './streams.ts';
export { noHub } from './no-hub.ts';

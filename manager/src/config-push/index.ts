export { createConfigPush, type ConfigPush, type ConfigPushDeps } from './config-push.ts';

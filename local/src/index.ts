export { signIn, type ManagerApi } from './appliance/manager-api.ts';
export { makeLocalAuthority, type LocalAuthority } from './authority.ts';
export { startNats, type LocalNats } from './nats.ts';
export { ensureNatsServer } from './nats-server.ts';
export { freePort } from './ports.ts';
export { startPostgres, type LocalPostgres } from './postgres.ts';
export { postgresBinaries } from './postgres-binaries.ts';
export { supervise, type Supervised } from './supervised.ts';
export { startXServer, type LocalXServer } from './x-server.ts';

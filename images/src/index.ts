export { makeBundle } from './air-gap/bundle.ts';
export { makeSigningKey } from './air-gap/signature.ts';
export { buildImages, type BuiltImage } from './build.ts';
export { serverPlans, servicePlans } from './images.ts';
export { findServers } from './servers.ts';
export { VERSION } from './version.ts';

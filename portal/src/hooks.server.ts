import { readConfig } from '#lib/server/config.ts';
import { portalHandle } from '#lib/server/handle.ts';

/** Every request passes here. */
export const handle = portalHandle({ managerUrl: readConfig().managerUrl, fetch: globalThis.fetch });

export { largeAnswer } from './answers.ts';
export type { App } from './app.ts';
export { drain } from './drain.ts';
export { health, type HealthDeps } from './health.ts';
export { createHttp, type HttpDeps } from './http.ts';
export { openApi } from './openapi.ts';

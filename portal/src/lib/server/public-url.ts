import { readConfig } from './config.ts';

/** Where agents reach the Manager. */
export const publicManagerUrl = (): string => readConfig().publicManagerUrl;

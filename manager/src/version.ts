import own from '../package.json' with { type: 'json' };

/** The version of the product. */
export const VERSION = own.version;

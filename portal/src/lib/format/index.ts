export * from './durations.ts';
export * from './figures.ts';
export * from './instants.ts';
export * from './zone.ts';

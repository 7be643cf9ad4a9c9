export type { AuditEntry, AuditFilter } from './audit.ts';
export { binariesAreReady, ensureBinaries } from './binaries.ts';
export { CommandError, runCommand, type CommandOptions } from './command.ts';
export type { Component, Isolation, Lab, LabOptions, RestartOptions, ServiceAccountRef } from './lab.ts';
export { startLab } from './start.ts';

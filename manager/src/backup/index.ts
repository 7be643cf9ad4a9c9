export { backupCommand, type Terminal } from './command.ts';

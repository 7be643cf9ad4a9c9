export { backupCommand, type Tell } from './command.ts';

export { administration } from './administration.ts';
export { beginCauses, common, endCauses } from './common.ts';
export { overview, taskTexts } from './overview.ts';
export { plural } from './plural.ts';
export { signIn } from './sign-in.ts';
export { use } from './use.ts';

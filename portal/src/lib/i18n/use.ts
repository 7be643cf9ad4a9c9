// Texts of the reports of use, to be taken as `import * as use`: a page then loads only what it says.
export { concurrent } from './concurrent.ts';
export { privacy } from './privacy.ts';
export { range } from './range.ts';
export { session } from './session.ts';
export { sessions } from './sessions.ts';

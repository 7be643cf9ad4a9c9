// Texts of the administration pages, to be taken as `import * as administration`: a page then loads only what it says.
export { agent } from './agent.ts';
export { agents } from './agents.ts';
export { application } from './application.ts';
export { applications } from './applications.ts';
export { health } from './health.ts';

export { createLiveBoard, type LiveAccount, type LiveBoard, type LiveDeps } from './board.ts';
export { getLiveRoute as liveRoutes } from './routes/get-live.ts';
export { restAfter } from '../rest.ts';
export { readToday, type Today } from './today.ts';

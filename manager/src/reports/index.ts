import type { App } from '../plugins/index.ts';
import type { ReportsDeps } from './deps.ts';
import { getConcurrentUseRoute } from './routes/get-concurrent-use.ts';
import { getSessionRoute } from './routes/get-session.ts';
import { getSessionsRoute } from './routes/get-sessions.ts';

export { concurrentUse, type ConcurrentUseInput } from './concurrent-use/report.ts';
export { csvLine, isoInZone, type Cell } from './csv.ts';
export { namedZone, type ReportsDeps } from './deps.ts';
export { concurrentUseCsv, sessionDetailCsv, sessionsCsv } from './exports.ts';
export { sessionDetail } from './session-detail/report.ts';
export { allSessions, sessionsReport, type SessionsInput } from './sessions/report.ts';

export function reportRoutes(app: App, deps: ReportsDeps): void {
  getConcurrentUseRoute(app, deps);
  getSessionsRoute(app, deps);
  getSessionRoute(app, deps);
}

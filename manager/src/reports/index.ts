export { concurrentUse, type ConcurrentUseInput } from './concurrent-use/report.ts';
export { csvLine, isoInZone, type Cell } from './csv.ts';
export { concurrentUseCsv, sessionDetailCsv, sessionsCsv } from './exports.ts';
export { sessionDetail } from './session-detail/report.ts';
export { allSessions, sessionsReport, type SessionsInput } from './sessions/report.ts';

import type { DetailDocument, DetailSegment, SessionDetail } from '@process-meter/contract';
import { sessionAnswer } from '#lib/answers/session-answer.ts';
import { tickSets } from '#lib/charts/draw.server.ts';
import { duration, exactDuration } from '#lib/format/durations.ts';
import { shareOf } from '#lib/format/figures.ts';
import { clockSeconds, day } from '#lib/format/instants.ts';
import { startOfDay, zoneLabel } from '#lib/format/zone.ts';
import { beginCauses, endCauses } from '#lib/i18n/causes.ts';
import { common } from '#lib/i18n/common.ts';
import { session as texts } from '#lib/i18n/session.ts';
import { STATES } from '#lib/sessions/states.ts';
import { sessionChanges, type Change } from './changes.ts';
import { factPanels } from './facts.server.ts';
import type { ChangeLine, DocumentLine, Lane, SessionView, TimelineView } from './view.ts';

const LANES_MOST = 30;
const LISTED_MOST = 100;

const nameOf = (name: string): string => (name === '' ? common.noDocument : name);
const openMs = (times: { activeMs: number; inactiveMs: number; timeoutMs: number }): number =>
  times.activeMs + times.inactiveMs + times.timeoutMs;
const partsOf = (segments: readonly DetailSegment[]): Lane['segments'] =>
  segments.map(({ from, to, state, cause }) => ({ from, to, state, busy: cause === 'busy' }));

function lanesOf(session: SessionDetail): Lane[] {
  const whole = { id: 'session', name: texts.lane, note: texts.laneNote, tall: true };
  return [
    { ...whole, segments: partsOf(session.segments) },
    ...session.documentList.slice(0, LANES_MOST).map((document) => ({
      id: document.id,
      name: nameOf(document.name),
      note: document.path,
      tall: false,
      segments: partsOf(document.segments),
    })),
  ];
}

function timelineOf(session: SessionDetail, now: number): TimelineView {
  const { started, ended, segments, zone } = session;
  const end = ended ?? Math.max(now, segments.at(-1)?.to ?? now);
  const span = { from: started, to: Math.max(end, started + 1000) };
  return {
    ...span,
    label: texts.timelineLabel(session.documentList.length),
    times: tickSets(span, zone),
    lanes: lanesOf(session),
  };
}

function lineOf(change: Change, before: Change | undefined, zone: string): ChangeLine {
  const { key, document, at, after, lasted, cause } = change;
  const newDay = before !== undefined && startOfDay(at, zone) !== startOfDay(before.at, zone);
  const soFar = change.open ? ` ${texts.soFar}` : '';
  return {
    key,
    document,
    at,
    after,
    before: change.before,
    name: nameOf(change.name),
    clock: clockSeconds(at, zone),
    cause: after === 'closed' ? endCauses[cause] : beginCauses[cause],
    lasted: lasted === null ? '' : exactDuration(lasted) + soFar,
    day: newDay ? day(at, zone) : null,
  };
}

const documentLine = (document: DetailDocument): DocumentLine => ({
  id: document.id,
  name: nameOf(document.name),
  note: document.path === '' ? texts.documents.source[document.source] : document.path,
  times: STATES.map((state) => document[`${state}Ms`]).map((ms) => ({
    text: exactDuration(ms),
    none: ms === 0,
  })),
  open: exactDuration(openMs(document)),
});

/** All that Session Detail says and draws of a session. */
export function sessionView(session: SessionDetail, params: URLSearchParams, now: number): SessionView {
  const { user, application, started, zone } = session;
  const changes = sessionChanges(session);
  const listed = params.get('changes') === 'all' ? changes.length : Math.min(LISTED_MOST, changes.length);
  const { count, shown, all } = texts.changes;
  return {
    title: texts.name(user, application.name, day(started, zone)),
    answer: sessionAnswer(session),
    previous: session.previous,
    next: session.next,
    zoneText: common.times(zoneLabel(zone, started)),
    sums: STATES.map((state) => ({
      state,
      text: duration(session[`${state}Ms`]),
      share: shareOf(session[`${state}Ms`], openMs(session)),
    })),
    busy: session.segments.some((segment) => segment.cause === 'busy'),
    timeline: timelineOf(session, now),
    changes: changes.map((change, index) => lineOf(change, changes[index - 1], zone)),
    listed,
    changesFoot: listed === changes.length ? count(listed) : shown(listed, changes.length),
    allChanges: all(changes.length),
    documents: session.documentList.map(documentLine),
    facts: factPanels(session, now),
  };
}

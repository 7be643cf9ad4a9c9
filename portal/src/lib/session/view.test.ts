import type { DetailDocument, DetailSegment, SessionDetail } from '@process-meter/contract';
import { describe, expect, it } from 'vitest';
import { sessionView } from './view.server.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Shortly before midnight of Oslo. */
const START = Date.UTC(2026, 10, 17, 22, 50);
const NOW = START + 2 * HOUR;
const APP = { id: 1, slug: 'civildraft', name: 'CivilDraft' };

const segment = (over: Partial<DetailSegment> = {}): DetailSegment => ({
  from: START,
  to: START + 20 * MINUTE,
  state: 'active',
  cause: 'opened',
  open: false,
  ...over,
});
const document = (over: Partial<DetailDocument> = {}): DetailDocument => ({
  id: 'd1',
  name: 'Bridge.dwg',
  path: '',
  source: 'title',
  confidence: 80,
  opened: START,
  closed: null,
  closeCause: null,
  activeMs: 20 * MINUTE,
  inactiveMs: 0,
  timeoutMs: 40 * MINUTE,
  segments: [
    segment(),
    segment({
      from: START + 20 * MINUTE,
      to: START + 60 * MINUTE,
      state: 'timeout',
      cause: 'timeoutReached',
      open: true,
    }),
  ],
  ...over,
});
const session = (over: Partial<SessionDetail> = {}): SessionDetail => ({
  session: '01J',
  application: APP,
  user: 'ida',
  computer: 'WS-1',
  desktop: ':0',
  started: START,
  ended: null,
  endCause: null,
  state: 'timeout',
  documents: 1,
  activeMs: 20 * MINUTE,
  inactiveMs: 0,
  timeoutMs: 40 * MINUTE,
  zone: 'Europe/Oslo',
  executable: '/opt/cad/civildraft',
  pid: 4711,
  revision: 12,
  settings: null,
  agent: { id: 'a1', computer: 'WS-1' },
  segments: [segment({ cause: 'busy' })],
  documentList: [document()],
  previous: null,
  next: 'next',
  ...over,
});
const view = (over: Partial<SessionDetail> = {}, query = '') =>
  sessionView(session(over), new URLSearchParams(query), NOW);
const plain = (text: string | undefined): string => (text ?? '').replaceAll('\u00a0', ' ');

describe('what the server says of a session', () => {
  it('is its name, its sums and the zone of its times', () => {
    const { title, sums, zoneText, busy } = view();
    expect(title).toBe('ida in CivilDraft, Tue 17 Nov 2026');
    expect(sums.map((sum) => [sum.state, plain(sum.text), sum.share])).toEqual([
      ['active', '20 min', '33%'],
      ['inactive', '0 s', '0%'],
      ['timeout', '40 min', '67%'],
    ]);
    expect(zoneText).toBe('Times in Europe/Oslo (UTC+1)');
    expect(busy).toBe(true);
  });
  it('tells each change with its cause, how long it lasted and where a day begins', () => {
    const { changes } = view();
    expect(changes.map((change) => [change.clock, change.cause, plain(change.lasted), change.day])).toEqual([
      ['23:50:00', 'Document opened', '20 min 00 s', null],
      ['00:10:00', 'Inactive for the time set', '40 min 00 s so far', 'Wed 18 Nov 2026'],
    ]);
  });
  it('lists 100 changes until all are asked for', () => {
    const segments = Array.from({ length: 150 }, (_, index) =>
      segment({
        from: START + index * MINUTE,
        to: START + (index + 1) * MINUTE,
        state: index % 2 === 0 ? 'active' : 'inactive',
        cause: index % 2 === 0 ? 'input' : 'noInput',
      }),
    );
    const many = { documentList: [document({ segments })] };
    const some = view(many);
    expect([some.listed, some.changes.length]).toEqual([100, 150]);
    expect(some.changesFoot).toContain('100 of 150 changes');
    expect(view(many, 'changes=all').listed).toBe(150);
  });
  it('draws a lane for the session and each document, up to now while it is open', () => {
    const { timeline } = view();
    expect(timeline.lanes.map((lane) => lane.name)).toEqual(['Session', 'Bridge.dwg']);
    expect([timeline.from, timeline.to]).toEqual([START, NOW]);
    expect(view({ ended: START + HOUR }).timeline.to).toBe(START + HOUR);
    expect(timeline.lanes[0]?.segments[0]?.busy).toBe(true);
  });
  it('says so where a name, a path or the rules of that time are not kept', () => {
    const { documents, facts } = view({ documentList: [document({ name: '' })] });
    expect(documents[0]).toMatchObject({ name: 'no name kept', note: 'from the window title' });
    expect(facts[1]).toMatchObject({ rows: [], text: 'The rules of that time are no longer kept.' });
  });
  it('tells by which rules it was metered', () => {
    const settings = {
      inactiveAfterMs: 60_000,
      timeoutAfterMs: 15 * MINUTE,
      countBusyAsActive: true,
      busyCpuShare: 0.25,
      titlePrivacy: 'keep',
      pathPrivacy: 'drop',
    };
    const rows = view({ settings }).facts[1]?.rows ?? [];
    expect(rows.map((row) => plain(row.text))).toEqual([
      '60 s without input',
      '15 min Inactive',
      'Yes, above 25% of one core',
      'Kept',
      'Not stored',
    ]);
  });
});

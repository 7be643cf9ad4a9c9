import type { LiveNow, Overview, UsePoint } from '@process-meter/contract';
import { describe, expect, it } from 'vitest';
import { overviewView } from './view.server.ts';

const QUARTER = 15 * 60_000;
const HOUR = 4 * QUARTER;
const FROM = Date.UTC(2026, 10, 17);
const NOW = FROM + 10.5 * HOUR;

const point = (index: number): UsePoint => ({
  at: FROM + index * QUARTER,
  lengthMs: QUARTER,
  active: 2,
  inactive: 1,
  timeout: 0,
  peak: 3,
  activeMs: 2 * QUARTER,
  inactiveMs: QUARTER,
  timeoutMs: 0,
});
const live: LiveNow = {
  at: NOW,
  active: 2,
  inactive: 1,
  timeout: 0,
  computers: 1,
  applications: [],
  recent: [],
  idle: [],
  agents: {
    counts: { connected: 1, away: 0, silent: 0, revoked: 0, neverSeen: 0 },
    wantedRevision: 1,
    haveWanted: 1,
    oldestWaiting: null,
  },
};
const view = (over: Partial<Overview> = {}) =>
  overviewView({
    zone: 'UTC',
    live,
    today: {
      from: FROM,
      to: FROM + 24 * HOUR,
      points: Array.from({ length: 14 }, (_, index) => point(28 + index)),
      peak: { count: 3, at: FROM + 7 * HOUR, forMs: QUARTER },
    },
    completeness: { share: 1, slots: [{ from: FROM + 7 * HOUR, to: NOW, share: 1, missing: 0 }] },
    tasks: [],
    ...over,
  });

describe('what the server works out for the Overview', () => {
  it('draws today up to now, from an hour before the first use', () => {
    const { model, label, incomplete } = view().today;
    expect([model.from, model.to, model.until]).toEqual([FROM + 6 * HOUR, FROM + 11 * HOUR, NOW]);
    const last = model.drawn.at(-1);
    expect((last?.at ?? 0) + (last?.lengthMs ?? 0)).toBe(NOW);
    expect(model.peak?.text).toBe('Peak today 3 at 07:00');
    expect(label).toBe('Open sessions today, stacked by state: peak 3 at 07:00');
    expect(incomplete).toBe(false);
  });
  it('says what is missing, the two last stretches of it', () => {
    const slot = (hour: number, share: number) => ({
      from: FROM + hour * HOUR,
      to: FROM + (hour + 1) * HOUR,
      share,
      missing: share === 1 ? 0 : 2,
    });
    const slots = [slot(5, 0.5), slot(6, 1), slot(7, 0.5), slot(8, 1), slot(9, 0.5)];
    const { data, today } = view({ completeness: { share: 0.7, slots } });
    expect(data.note).toBe('70% complete');
    expect(data.told.map((text) => text.slice(0, 14))).toEqual(['07:00 to 08:00', '09:00 to 10:00']);
    expect(data.missing).toBe(true);
    expect(data.hours.slice(4, 11)).toEqual(['none', 'gap', '', 'gap', '', 'gap', 'none']);
    expect(today.incomplete).toBe(true);
  });
  it('tells of today only, also where data has been missing since the day before', () => {
    const since = { from: FROM - 9 * HOUR, to: NOW, share: 0.5, missing: 1 };
    const { data } = view({ completeness: { share: 0.5, slots: [since] } });
    expect(data.told[0]).toMatch(/^00:00 to 10:30: /);
    const before = { ...since, to: FROM };
    expect(view({ completeness: { share: 0.5, slots: [before] } }).data.missing).toBe(false);
  });
  it('tells complete from not measured', () => {
    expect(view().data.told).toEqual(['All that was expected has arrived.']);
    const unknown = view({ completeness: { share: null, slots: [] } }).data;
    expect(unknown).toMatchObject({ note: 'no agent was expected', missing: false });
    expect(unknown.told).toEqual(['No agent was expected to send today.']);
  });
  it('gives each task its words and its way, and counts them', () => {
    const silent = { kind: 'agentsSilent' as const, count: 2, since: FROM - 30 * HOUR };
    const none = { kind: 'noApplications' as const, count: 0, since: null };
    const { tasks, tasksNote, noApplication } = view({ tasks: [silent, none] });
    expect(tasks[0]).toMatchObject({
      title: '2 agents are silent',
      text: 'Not heard for over a day, the first since Sun 15 Nov, 18:00.',
      hot: true,
    });
    expect(tasksNote).toBe('2 open');
    expect(noApplication).toBe('No application is metered yet');
    expect(view()).toMatchObject({ tasksNote: 'nothing', noApplication: null });
  });
});

import type { SessionDetail } from '@process-meter/contract';
import { settingDuration } from '#lib/format/durations.ts';
import { count, share } from '#lib/format/figures.ts';
import { clockSeconds, day } from '#lib/format/instants.ts';
import { startOfDay } from '#lib/format/zone.ts';
import { endCauses } from '#lib/i18n/causes.ts';
import { privacy } from '#lib/i18n/privacy.ts';
import { session as texts } from '#lib/i18n/session.ts';
import type { FactPanel } from './view.ts';

type Row = FactPanel['rows'][number];

const row = (name: string, text: string, more: Partial<Pick<Row, 'href' | 'look'>> = {}): Row => ({
  name,
  text,
  href: null,
  look: '',
  ...more,
});
const sessionsOf = (key: string, value: string): string =>
  `/use/sessions?${new URLSearchParams({ [key]: value, range: '30d' }).toString()}`;

function spanText({ started, ended, zone }: SessionDetail, now: number): string {
  const oneDay = ended !== null && startOfDay(started, zone) === startOfDay(ended, zone);
  const words = (at: number): string =>
    oneDay ? clockSeconds(at, zone) : `${day(at, zone, now)}, ${clockSeconds(at, zone)}`;
  return ended === null ? texts.where.since(words(started)) : texts.where.span(words(started), words(ended));
}

function endText({ ended, endCause }: SessionDetail): string {
  if (ended === null) return texts.where.open;
  return endCause === null ? '' : endCauses[endCause];
}

function whereRows(session: SessionDetail, now: number): Row[] {
  const { where } = texts;
  const { user, computer, agent } = session;
  return [
    row(where.user, user, { href: sessionsOf('user', user) }),
    row(where.computer, computer, { href: sessionsOf('computer', computer) }),
    row(where.desktop, session.desktop),
    row(where.session, spanText(session, now)),
    row(where.program, session.executable, { look: 'mono path' }),
    row(where.process, String(session.pid), { look: 'mono' }),
    row(where.agent, agent.computer, { href: `/administration/agents/${agent.id}` }),
    row(where.ended, endText(session)),
  ];
}

function ruleRows(settings: NonNullable<SessionDetail['settings']>): Row[] {
  const { rules } = texts;
  const named = (rule: string): string =>
    Object.entries(privacy).find(([name]) => name === rule)?.[1] ?? rule;
  const busy = settings.countBusyAsActive ? rules.busyYes(share(settings.busyCpuShare)) : rules.busyNo;
  return [
    row(rules.inactive, rules.inactiveValue(settingDuration(settings.inactiveAfterMs))),
    row(rules.timeout, rules.timeoutValue(settingDuration(settings.timeoutAfterMs))),
    row(rules.busy, busy),
    row(rules.titles, named(settings.titlePrivacy)),
    row(rules.paths, named(settings.pathPrivacy)),
  ];
}

/** Where and with what a session ran, by which rules it was metered, and what is recorded. */
export function factPanels(session: SessionDetail, now: number): FactPanel[] {
  const { settings, revision, application } = session;
  return [
    { title: texts.where.title, note: null, rows: whereRows(session, now), text: '' },
    {
      title: texts.rules.title,
      note: {
        text: texts.rules.configuration(count(revision)),
        href: `/administration/applications/${application.slug}`,
      },
      rows: settings === null ? [] : ruleRows(settings),
      text: settings === null ? texts.rules.unknown : '',
    },
    { title: texts.recorded.title, note: null, rows: [], text: texts.recorded.text },
  ];
}

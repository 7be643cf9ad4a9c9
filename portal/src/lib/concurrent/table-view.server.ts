import type { ConcurrentUse, Step } from '@process-meter/contract';
import { average, count, share } from '#lib/format/figures.ts';
import { clock, day, moment } from '#lib/format/instants.ts';
import { startOfDay } from '#lib/format/zone.ts';
import { concurrent } from '#lib/i18n/concurrent.ts';
import { withParams } from '#lib/range/address.ts';
import { spanHref } from './addresses.ts';
import { tableRows, type TableRow } from './table-rows.ts';
import type { TableLine, TableView } from './view.ts';

const texts = concurrent.table;
const DAY_MS = 86_400_000;
/** Ranges up to this length are shown in hours, longer ones up to the next in days, then in days only. */
const SHORT_MS = 2.1 * DAY_MS;
const MIDDLE_MS = 15 * DAY_MS;

function choicesOf(length: number): Step[] {
  if (length <= SHORT_MS) return ['hour', 'quarter', 'minute'];
  return length <= MIDDLE_MS ? ['day', 'hour', 'quarter'] : ['day'];
}

/** How the step of a row is called: as short as the range allows. */
function namer(report: ConcurrentUse, asked: Step | undefined): (at: number) => string {
  const { zone, from, to, until } = report;
  if (report.step === 'day' && asked === undefined) return (at) => day(at, zone, until);
  const oneDay = startOfDay(from, zone) === startOfDay(to - 1, zone);
  return oneDay ? (at) => clock(at, zone) : (at) => moment(at, zone, to + DAY_MS * 2);
}

function lineOf(row: TableRow, report: ConcurrentUse): Omit<TableLine, 'text' | 'href'> {
  const { peak } = report;
  return {
    at: row.at,
    active: row.active,
    inactive: row.inactive,
    timeout: row.timeout,
    figures: [row.active, row.inactive, row.timeout, row.open].map(average),
    peak: count(row.peak),
    known: row.known === null ? texts.notMeasured : share(row.known),
    look: row.known === null ? '' : row.known < 1 ? 'strong' : 'soft',
    holdsPeak: peak.at !== null && peak.at >= row.at && peak.at < row.at + row.lengthMs,
  };
}

/** The chart's figures as a table: its rows in words, and the steps one can choose. */
export function tableView(report: ConcurrentUse, params: URLSearchParams): TableView {
  const length = report.to - report.from;
  const choices = choicesOf(length);
  const asked = choices.find((step) => step === params.get('step'));
  const usual: Step = length <= SHORT_MS ? 'hour' : report.step;
  const current = asked ?? usual;
  const { rows, used, all } = tableRows(report, asked !== undefined);
  const nameOf = namer(report, asked);
  return {
    choices: choices.map((step) => ({
      text: texts.steps[step],
      href: withParams(params, { step: step === choices[0] && length <= SHORT_MS ? null : step }),
      on: step === current,
    })),
    empty: report.completeness.share === null ? texts.emptyUnmeasured : texts.empty,
    rows: rows.map((row) => ({
      ...lineOf(row, report),
      text: nameOf(row.at),
      href: spanHref(params, { from: row.at, to: row.at + row.lengthMs }, report.zone),
    })),
    whole: Math.max(1, ...rows.map((row) => row.open)),
    foot: used > rows.length ? texts.onlyFirst(rows.length, used) : texts.onlyUse(rows.length, all),
  };
}

import { sessionsSchema } from '@process-meter/contract';
import { lastMonday } from './concurrent-use-questions.ts';
import { DAY, FILTERED_MS, iso, ROLLED_UP_MS, type Question, type Subject } from './question.ts';
import { sessionTimes, type SessionsWanted } from './raw-sql.ts';

/** Session Summary, one session, the Overview and how complete the data is. */
export async function sessionQuestions(subject: Subject): Promise<Question[]> {
  const { account, from, to, typical } = subject;
  const week = { account, from: Math.max(from, to - 7 * DAY), to };
  const all = { account, from: Math.max(from, to - 90 * DAY), to };
  const days = Math.round((to - all.from) / DAY);
  const noon = iso(lastMonday(to) + 13 * 3_600_000);
  const list = (title: string, wanted: SessionsWanted, more: Record<string, string> = {}): Question =>
    summary(`Session Summary, ${title}`, wanted, more);
  return [
    list('7 days', week),
    list('7 days, page 100', week, { page: '100' }),
    list('7 days, sorted by time active', week, { sort: '-active' }),
    list('7 days, one user', { ...week, user: subject.user }, { user: subject.user }),
    list('7 days, typical application', { ...week, application: typical.id }, { app: typical.slug }),
    list(`${days} days, one user`, { ...all, user: subject.user }, { user: subject.user }),
    list(`${days} days, typical application`, { ...all, application: typical.id }, { app: typical.slug }),
    list(`${days} days`, all),
    unchecked('Session Summary, 7 days, one computer', sessionsPath(week, { computer: subject.computer })),
    unchecked('Session Summary, open at one instant', sessionsPath(week, { at: noon })),
    unchecked('Session Detail', `reports/sessions/${await longSession(subject)}?tz=UTC`, ROLLED_UP_MS),
    unchecked('Overview', 'overview'),
    unchecked('Completeness by agent, 7 days', completenessPath(week)),
    unchecked(`Completeness by agent, ${days} days`, completenessPath(all)),
  ];
}

const unchecked = (name: string, path: string, aim = FILTERED_MS): Question => ({ name, path, aim });

function summary(name: string, wanted: SessionsWanted, more: Record<string, string>): Question {
  return {
    name,
    path: sessionsPath(wanted, more),
    aim: FILTERED_MS,
    raw: {
      query: sessionTimes(wanted),
      difference: (body, rows) => {
        const { total, totals } = sessionsSchema.parse(JSON.parse(body));
        const said = [total, totals.activeMs, totals.inactiveMs, totals.timeoutMs].map(Math.round);
        const row = rows[0] ?? {};
        const ms = ['active', 'inactive', 'timeout'].map((state) => Number(row[state] ?? 0) * 1000);
        const summed = [Number(row['sessions']), ...ms].map(Math.round);
        const differs = said.some((value, i) => Math.abs(value - (summed[i] ?? NaN)) > 1);
        return differs || total === 0
          ? `the report says ${said.join(', ')}, the segments say ${summed.join(', ')}`
          : undefined;
      },
    },
  };
}

function sessionsPath({ from, to }: SessionsWanted, more: Record<string, string>): string {
  return `reports/sessions?${new URLSearchParams({ from: iso(from), to: iso(to), tz: 'UTC', ...more }).toString()}`;
}

const completenessPath = ({ from, to }: SessionsWanted): string =>
  `completeness?${new URLSearchParams({ from: iso(from), to: iso(to), tz: 'UTC' }).toString()}`;

/** The session with the most segments of the last week. */
async function longSession({ pool, account, to }: Subject): Promise<string> {
  const { rows } = await pool.query<{ ref: string }>(
    `select a.external_id || '.' || lpad(to_hex(s.session_id), 16, '0') as ref
     from (select agent_id, session_id from segment where account_id = $1 and started > $2 and started < $3
       group by 1, 2 order by count(*) desc limit 1) s join agent a on a.id = s.agent_id`,
    [account, new Date(to - 7 * DAY), new Date(to)],
  );
  return rows[0]?.ref ?? '';
}

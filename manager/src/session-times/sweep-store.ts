/**
 * Common table expressions that end in `times`: whole times by state of sessions, up to the last news. The state of a
 * session at an instant is that of the most active of its documents, so this is a sweep and not a sum.
 * @param of relation with `agent_id`, `id` and `started` of the sessions
 * @param what `closed` when nothing of them runs: only segments are read
 * @param where further condition on the segments `g`, such as the weeks to read
 */
export function sweptTimes(of: string, what: 'closed' | 'all', where = ''): string {
  const running = `
    union all
    select o.agent_id, o.session_id, o.started, o.ended, o.state from ${of} c
      join open_stretch o on o.agent_id = c.agent_id and o.session_id = c.id and o.ended > o.started`;
  return `
  spans as (
    select g.agent_id, g.session_id, g.started, g.ended, g.state from ${of} c
      join segment g on g.agent_id = c.agent_id and g.session_id = c.id and g.ended > g.started
        and g.started >= c.started - interval '1 second' ${where}
    ${what === 'all' ? running : ''}
  ), changes as (
    select agent_id, session_id, at, sum(a)::int as a, sum(i)::int as i, sum(t)::int as t from (
      select agent_id, session_id, started as at, (state = 1)::int as a, (state = 2)::int as i, (state = 3)::int as t
        from spans
      union all
      select agent_id, session_id, ended, -(state = 1)::int, -(state = 2)::int, -(state = 3)::int from spans
    ) c group by agent_id, session_id, at
  ), running as (
    select agent_id, session_id, at, sum(a) over w as a, sum(i) over w as i, sum(t) over w as t,
      (extract(epoch from lead(at) over w - at) * 1000)::float8 as ms
    from changes window w as (partition by agent_id, session_id order by at)
  ), times as (
    select agent_id, session_id, sum(ms) filter (where a > 0) as active_ms,
      sum(ms) filter (where a = 0 and i > 0) as inactive_ms,
      sum(ms) filter (where a = 0 and i = 0 and t > 0) as timeout_ms
    from running group by agent_id, session_id
  )`;
}

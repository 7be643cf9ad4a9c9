import { startServers } from './servers.ts';
import { generate } from './generate/generate.ts';
const servers = await startServers();
try {
  const made = await generate(servers.pool, { segments: Number(process.argv[2]), applications: 300, days: 90 }, Date.now());
  console.log({ ...made, applications: made.applications.slice(0, 3) });
  const { rows } = await servers.pool.query(`select 'peak' as k, max(peak_open) from rollup_quarter union all select 'rows', count(*) from rollup_quarter union all select 'active', sum(ms_active)/1000/3600 from rollup_quarter union all select 'inact', sum(ms_inactive)/1000/3600 from rollup_quarter union all select 'to', sum(ms_timeout)/1000/3600 from rollup_quarter`);
  console.log(rows);
  const s = await servers.pool.query(`select relname, pg_total_relation_size(relid) b from (select unnest(array['segment','session','document','coverage','rollup_quarter'])::regclass::oid relid) x join pg_class on oid=relid`);
  console.log(s.rows);
  console.log((await servers.pool.query(`select avg(ended-started), count(*) filter (where ended-started<interval '5 min') as short, count(*) from session`)).rows);
} finally { await servers.stop(); }

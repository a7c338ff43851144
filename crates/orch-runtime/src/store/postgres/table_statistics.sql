-- What was not swept up is an estimate, and never counts as unknown: a table that nobody wrote has none.
select wanted.name, pg_total_relation_size(class.oid), coalesce(seen.n_dead_tup, 0)
from unnest($1::text[]) as wanted (name)
join pg_class as class on class.oid = to_regclass(wanted.name)
left join pg_stat_user_tables as seen on seen.relid = class.oid
order by wanted.name

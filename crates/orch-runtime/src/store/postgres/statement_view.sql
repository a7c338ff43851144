-- Where the extension keeps its view, which need not be on the search path, and what it calls the mean:
-- mean_exec_time since PostgreSQL 13, mean_time before.
select format('%I.pg_stat_statements', namespace.nspname), mean.attname::text
from pg_extension as extension
join pg_namespace as namespace on namespace.oid = extension.extnamespace
join pg_class as view on view.relnamespace = namespace.oid and view.relname = 'pg_stat_statements'
join pg_attribute as mean on mean.attrelid = view.oid
    and mean.attname in ('mean_exec_time', 'mean_time')
where extension.extname = 'pg_stat_statements'

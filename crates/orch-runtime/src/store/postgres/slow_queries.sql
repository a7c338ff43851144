-- Of the own role only: what others do is none of this service's business, and their texts are hidden.
-- A statement that others run, too, has a row for each of them.
select queryid, calls, {mean}, left(query, 80), count(*) over ()
from {view}
where dbid = (select oid from pg_database where datname = current_database())
    and userid = (select oid from pg_roles where rolname = current_user)
    and {mean} > $1 and queryid is not null
order by {mean} desc limit $2

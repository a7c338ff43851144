-- All tables, whole: asked for before a key is taken away, and seldom otherwise.
with texts as (
    select payload as text from {domain}_operations
    union all
    select result from {domain}_operations
    union all
    select error_cause from {domain}_operations
    union all
    select outcome from {domain}_write_ahead_logs{inbox}
)
select case when substr(text, 1, 6) = 'orch1:' then substr(text, 7, instr(substr(text, 7), ':') - 1) else '' end as key_id, count(*) as texts
from texts where text is not null and text <> ?1
group by 1 order by 1

-- What waits, and what nobody could read, stays.
delete from {domain}_callbacks
where event_id in (
    select event_id from {domain}_callbacks
    where settled_at < ?1 and state not in ('RECEIVED', 'CORRUPT')
    limit ?2
)

-- A name that is no text is set aside elsewhere; it sorts behind all others.
select max(event_id) from (
    select event_id from {domain}_callbacks where event_id > ?1 and typeof(event_id) = 'text'
    order by event_id limit ?2
)

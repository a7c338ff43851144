select max(event_id) from (
    select event_id from {domain}_callbacks where event_id > $1 order by event_id limit $2
) as next

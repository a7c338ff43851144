event_id in (
        select event_id from {domain}_callbacks where state = 'RECEIVED' and op_id = ?2
        union all
        select event_id from {domain}_callbacks
        where state = 'RECEIVED'
            and provider_ref = (select provider_ref from {domain}_operations where op_id = ?2)
    )

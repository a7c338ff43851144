update {domain}_operations
set state = 'IN_PROGRESS', attempts = attempts + 1, fence = fence + 1,
    lease_owner = ?2, lease_expires_at = ?3, next_attempt_at = null,
    first_sent_at = coalesce(first_sent_at, ?1), updated_at = ?1
where op_id in (
    select op_id from {domain}_operations
    where state = 'PENDING' and next_attempt_at between ?7 and ?1 and event_type in (select value from json_each(?5))
        and (?6 is null or (attempts > 0) = ?6)
    order by next_attempt_at limit ?4
)
returning op_id, owner_id, event_type, payload, fence, attempts, interruptions, probes, unaccounted_at,
    first_sent_at, deadline_at, trace_parent, idem_key

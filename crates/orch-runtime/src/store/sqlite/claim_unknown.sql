-- Should this asker die too, the question is due again when its lease ends.
update {domain}_operations
set fence = fence + 1, probes = probes + 1,
    lease_owner = ?2, lease_expires_at = ?3, next_attempt_at = ?3, updated_at = ?1
where op_id in (
    select op_id from {domain}_operations
    where state = 'UNKNOWN' and next_attempt_at <= ?1 and event_type in (select value from json_each(?5))
        and not exists (
            select 1 from {domain}_write_ahead_logs as log
            where log.op_id = {domain}_operations.op_id and log.fence = {domain}_operations.fence
                and log.state = 'PENDING'
        )
    order by next_attempt_at limit ?4
)
returning op_id, owner_id, event_type, payload, fence, attempts, interruptions, probes, unaccounted_at,
    first_sent_at, deadline_at, trace_parent, idem_key

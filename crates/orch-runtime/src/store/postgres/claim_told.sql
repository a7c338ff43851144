-- A person moves what is parked; the provider's own word counts wherever no call is under way. Whoever
-- asks the provider, or would call it again, loses its term. Should this one die, the question
-- is due when its lease ends. An answer that is already in the log belongs to the Finalizer.
update {domain}_operations as operations
set state = 'UNKNOWN', fence = fence + 1,
    lease_owner = $2, lease_expires_at = $3, next_attempt_at = $3, updated_at = $1
where op_id = $4 and event_type = any($5)
    and (
        state = 'PARKED' and ($6 or error_code is distinct from 'UNREADABLE')
        or not $6 and (state = 'UNKNOWN' or state = 'PENDING' and first_sent_at is not null)
    )
    and not exists (
        select 1 from {domain}_write_ahead_logs as log
        where log.op_id = operations.op_id and log.fence = operations.fence
            and log.state = 'PENDING'
    )
returning op_id, owner_id, event_type, payload, fence, attempts, interruptions, probes, unaccounted_at,
    first_sent_at, deadline_at, trace_parent, idem_key

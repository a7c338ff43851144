with due as (
    select op_id from {domain}_operations
    where state = 'PENDING' and next_attempt_at between $7 and $1 and event_type = any($5)
        and ($6::boolean is null or (attempts > 0) = $6)
    order by next_attempt_at limit $4
    for update skip locked
), claimed as (
    update {domain}_operations as operations
    set state = 'IN_PROGRESS', attempts = attempts + 1, fence = fence + 1,
        lease_owner = $2, lease_expires_at = $3, next_attempt_at = null,
        first_sent_at = coalesce(first_sent_at, $1), updated_at = $1
    from due where operations.op_id = due.op_id
    returning operations.*
), intended as (
    insert into {domain}_write_ahead_logs (op_id, fence, attempt, state, created_at)
    select op_id, fence, attempts, 'INTENT', $1 from claimed
)
select op_id, owner_id, event_type, payload, fence, attempts, interruptions, probes, unaccounted_at,
    first_sent_at, deadline_at, trace_parent, idem_key
from claimed

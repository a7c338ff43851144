-- The fence moves on, so that the lost worker cannot write any more. An answer that is already in the
-- log belongs to the Finalizer.
with lost as (
    select op_id from {domain}_operations as operations
    where state = 'IN_PROGRESS' and lease_expires_at <= $1
        and not exists (
            select 1 from {domain}_write_ahead_logs as log
            where log.op_id = operations.op_id and log.fence = operations.fence
                and log.state = 'PENDING'
        )
    limit $2
    for update skip locked
), taken as (
    update {domain}_operations as operations
    set state = 'UNKNOWN', fence = fence + 1, attempts = greatest(attempts - 1, 0),
        interruptions = interruptions + 1, probes = 0,
        unaccounted_at = lease_expires_at,
        lease_owner = null, lease_expires_at = null, next_attempt_at = $1, updated_at = $1,
        error_code = 'UNKNOWN', message = 'its worker was lost during the call'
    from lost where operations.op_id = lost.op_id
    returning operations.op_id, fence - 1 as fence
), logged as (
    update {domain}_write_ahead_logs as log
    set state = 'COMPLETED', outcome_type = 'UNKNOWN', outcome = $3, written_at = $1, completed_at = $1
    from taken
    where log.op_id = taken.op_id and log.fence = taken.fence and log.state = 'INTENT'
)
select op_id from taken

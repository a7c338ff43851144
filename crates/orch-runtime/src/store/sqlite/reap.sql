-- The fence moves on, so that the lost worker cannot write any more. An answer that is already in the
-- log belongs to the Finalizer.
update {domain}_operations
set state = 'UNKNOWN', fence = fence + 1, attempts = max(attempts - 1, 0),
    interruptions = interruptions + 1, probes = 0,
    unaccounted_at = lease_expires_at,
    lease_owner = null, lease_expires_at = null, next_attempt_at = ?1, updated_at = ?1,
    error_code = 'UNKNOWN', message = 'its worker was lost during the call'
where op_id in (
    select op_id from {domain}_operations
    where state = 'IN_PROGRESS' and lease_expires_at <= ?1
        and not exists (
            select 1 from {domain}_write_ahead_logs as log
            where log.op_id = {domain}_operations.op_id and log.fence = {domain}_operations.fence
                and log.state = 'PENDING'
        )
    limit ?2
)
returning op_id, fence - 1

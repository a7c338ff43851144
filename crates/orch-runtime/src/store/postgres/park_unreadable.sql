-- What no program can read must not stand in the way of what can be done.
update {domain}_operations
set state = 'PARKED', error_code = 'UNREADABLE', message = $2, next_attempt_at = null,
    lease_owner = null, lease_expires_at = null, updated_at = $3
where op_id = $1

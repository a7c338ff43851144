-- Fenced write: a holder whose term was replaced changes no row.
update {domain}_operations
set state = ?4, next_attempt_at = ?5, unaccounted_at = ?6,
    message = ?7, provider_ref = coalesce(?8, provider_ref), result = ?9,
    error_code = ?10, error_cause = ?11,
    completed_at = case when ?4 in ('COMPLETED', 'FAILED') then ?3 end,
    payload = case when ?4 in ('COMPLETED', 'FAILED') then coalesce(?12, payload) else payload end,
    probes = case when ?4 = 'PENDING' then 0 else probes end,
    lease_owner = null, lease_expires_at = null, updated_at = ?3
where op_id = ?1 and fence = ?2 and state in ('IN_PROGRESS', 'UNKNOWN')

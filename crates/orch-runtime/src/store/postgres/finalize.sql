-- Fenced write: a holder whose term was replaced changes no row.
-- `|| ''` keeps the planner from the index of open states: it is full of what ended a moment ago.
update {domain}_operations
set state = $4, next_attempt_at = null, unaccounted_at = null,
    message = $5, provider_ref = coalesce($6, provider_ref), result = $7,
    error_code = $8, error_cause = $9, completed_at = $3,
    payload = coalesce($10, payload),
    lease_owner = null, lease_expires_at = null, updated_at = $3
where op_id = $1 and fence = $2 and state || '' in ('IN_PROGRESS', 'UNKNOWN')

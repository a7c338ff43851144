select op_id, owner_id, biz_key, event_type, state, attempts, message, provider_ref, result,
    error_code, progress_done, progress_total, next_attempt_at, accepted_at, updated_at, completed_at
from {domain}_operations where op_id = $1

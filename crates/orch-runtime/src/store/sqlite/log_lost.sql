update {domain}_write_ahead_logs
set state = 'COMPLETED', outcome_type = 'UNKNOWN', outcome = ?3, written_at = ?4, completed_at = ?4
where op_id = ?1 and fence = ?2 and state = 'INTENT'

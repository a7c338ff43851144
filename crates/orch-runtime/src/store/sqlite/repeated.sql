select 1 from {domain}_write_ahead_logs
where op_id = ?1 and fence = ?2 and state = 'COMPLETED' and outcome = ?3

update {domain}_write_ahead_logs set state = $3, completed_at = $4
where op_id = $1 and fence = $2 and state = 'PENDING'

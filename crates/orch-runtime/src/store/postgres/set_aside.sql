update {domain}_write_ahead_logs set state = 'CORRUPT'
where op_id = $1 and fence = $2 and state = 'PENDING'

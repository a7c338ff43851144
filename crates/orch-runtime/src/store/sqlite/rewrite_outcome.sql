update {domain}_write_ahead_logs set outcome = ?4 where op_id = ?1 and fence = ?2 and outcome = ?3

select min(next_attempt_at) from {domain}_operations where state = 'PENDING' and next_attempt_at >= ?1

update {domain}_operations set error_cause = ?4 where op_id = ?1 and ?2 = 0 and error_cause = ?3

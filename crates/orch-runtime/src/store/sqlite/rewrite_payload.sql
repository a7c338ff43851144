update {domain}_operations set payload = ?4 where op_id = ?1 and ?2 = 0 and payload = ?3

update {domain}_operations set result = ?4 where op_id = ?1 and ?2 = 0 and result = ?3

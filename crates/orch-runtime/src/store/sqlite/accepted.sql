select op_id, fingerprint from {domain}_operations where owner_id = ?1 and idem_key = ?2

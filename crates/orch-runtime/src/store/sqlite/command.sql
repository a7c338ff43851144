select owner_id, event_type, payload, state, idem_key from {domain}_operations where op_id = ?1

select owner_id, event_type, payload, state from {domain}_operations where op_id = ?1

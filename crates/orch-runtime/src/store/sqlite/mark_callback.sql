update {domain}_callbacks
set state = ?2, matched_op_id = ?3, settled_at = ?4
where event_id = ?1 and state = 'RECEIVED'

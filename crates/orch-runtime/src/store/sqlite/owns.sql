select 1 from {domain}_operations
where op_id = ?1 and fence = ?2 and state in ('IN_PROGRESS', 'UNKNOWN')

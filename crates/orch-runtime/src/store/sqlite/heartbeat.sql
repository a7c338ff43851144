update {domain}_operations
set lease_expires_at = ?3,
    progress_done = coalesce(?4, progress_done), progress_total = coalesce(?5, progress_total)
where op_id = ?1 and fence = ?2 and state = 'IN_PROGRESS'

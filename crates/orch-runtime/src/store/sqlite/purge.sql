delete from {domain}_write_ahead_logs
where (op_id, fence) in (
    select op_id, fence from {domain}_write_ahead_logs
    where state = 'COMPLETED' and created_at < ?1 limit ?2
)

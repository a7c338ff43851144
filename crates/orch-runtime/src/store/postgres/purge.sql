-- What a person or the provider must still say something about keeps its log.
delete from {domain}_write_ahead_logs
where (op_id, fence) in (
    select log.op_id, log.fence
    from {domain}_write_ahead_logs as log
    join {domain}_operations as operations on operations.op_id = log.op_id
    where log.state = 'COMPLETED' and log.created_at < $1
        and operations.state in ('COMPLETED', 'FAILED')
    limit $2
)

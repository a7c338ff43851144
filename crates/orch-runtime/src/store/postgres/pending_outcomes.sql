select operations.op_id, operations.owner_id, operations.event_type, operations.payload, log.fence,
    log.attempt, operations.interruptions, operations.probes, operations.unaccounted_at,
    operations.first_sent_at, operations.deadline_at, operations.trace_parent, operations.idem_key,
    log.outcome, log.created_at
from {domain}_write_ahead_logs as log
join {domain}_operations as operations on operations.op_id = log.op_id
where log.state = 'PENDING' and log.written_at < $1 and (log.created_at, log.op_id) > ($3, $4)
order by log.created_at, log.op_id limit $2

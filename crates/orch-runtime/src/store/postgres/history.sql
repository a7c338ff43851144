select log.attempt, log.outcome_type, log.outcome, log.created_at, log.written_at, log.fence,
    operations.event_type
from {domain}_write_ahead_logs as log
join {domain}_operations as operations on operations.op_id = log.op_id
where log.op_id = $1 order by log.fence

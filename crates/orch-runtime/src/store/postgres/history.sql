select attempt, outcome_type, outcome, created_at, written_at
from {domain}_write_ahead_logs where op_id = $1 order by fence

update {domain}_write_ahead_logs as log set outcome = input.sealed
from unnest($1::text[], $2::integer[], $3::text[], $4::text[]) as input (op_id, fence, stored, sealed)
where log.op_id = input.op_id and log.fence = input.fence and log.outcome = input.stored

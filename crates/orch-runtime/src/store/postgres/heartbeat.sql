-- `|| ''` keeps the planner from the index of open states: it is full of what ended a moment ago.
update {domain}_operations as operations
set lease_expires_at = $5,
    progress_done = coalesce(beat.done, progress_done),
    progress_total = coalesce(beat.total, progress_total)
from unnest($1::text[], $2::integer[], $3::bigint[], $4::bigint[]) as beat (op_id, fence, done, total)
where operations.op_id = beat.op_id and operations.fence = beat.fence
    and operations.state || '' = 'IN_PROGRESS'

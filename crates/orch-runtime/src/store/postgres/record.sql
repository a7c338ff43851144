-- Writes answers to the log, to be applied later; one that is there already counts as written.
-- `|| ''` keeps the planner from the index of open states: it is full of what ended a moment ago.
with input as (
    select * from unnest(
        $1::text[], $2::integer[], $3::integer[], $4::text[], $5::text[], $6::timestamptz[]
    ) as input (op_id, fence, attempt, outcome_type, outcome, now)
), owned as (
    select operations.op_id, operations.fence
    from input
    join {domain}_operations as operations
        on operations.op_id = input.op_id and operations.fence = input.fence
    where operations.state || '' in ('IN_PROGRESS', 'UNKNOWN')
    for update of operations
), logged as (
    insert into {domain}_write_ahead_logs (
        op_id, fence, attempt, state, outcome_type, outcome, created_at, written_at
    )
    select input.op_id, input.fence, input.attempt,
        case when owned.op_id is null then 'LATE' else 'PENDING' end,
        input.outcome_type, input.outcome, input.now, input.now
    from input
    left join owned on owned.op_id = input.op_id and owned.fence = input.fence
    on conflict (op_id, fence) do update set
        state = excluded.state, outcome_type = excluded.outcome_type, outcome = excluded.outcome,
        written_at = excluded.written_at, completed_at = null
)
select op_id, fence from owned

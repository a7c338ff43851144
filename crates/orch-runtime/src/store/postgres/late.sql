-- Keeps answers whose term was replaced as evidence. One that was applied before its commit's reply was
-- lost is in the log already, and counts as applied.
with input as (
    select * from unnest(
        $1::text[], $2::integer[], $3::integer[], $4::text[], $5::text[], $6::timestamptz[]
    ) as input (op_id, fence, attempt, outcome_type, outcome, now)
), repeated as (
    select log.op_id, log.fence
    from input
    join {domain}_write_ahead_logs as log on log.op_id = input.op_id and log.fence = input.fence
    where log.state = 'COMPLETED' and (
        log.outcome = input.outcome
        -- A sealed text differs each time; only the term itself writes one, and only one.
        or starts_with(log.outcome, 'orch1:') and starts_with(input.outcome, 'orch1:')
    )
), logged as (
    insert into {domain}_write_ahead_logs (
        op_id, fence, attempt, state, outcome_type, outcome, created_at, written_at
    )
    select op_id, fence, attempt, 'LATE', outcome_type, outcome, now, now
    from input
    where not exists (
        select 1 from repeated where repeated.op_id = input.op_id and repeated.fence = input.fence
    )
    on conflict (op_id, fence) do update set
        state = excluded.state, outcome_type = excluded.outcome_type, outcome = excluded.outcome,
        written_at = excluded.written_at, completed_at = null
)
select op_id, fence from repeated

-- Fenced writes: a holder whose term was replaced changes nothing here; late.sql keeps its answer.
-- No step joins what another one returned: the plan is as good for many rows as for one.
-- `|| ''` keeps the planner from the index of open states: it is full of what ended a moment ago.
with input as (
    select * from unnest(
        $1::text[], $2::integer[], $3::integer[], $4::text[], $5::text[], $6::timestamptz[],
        $7::text[], $8::timestamptz[], $9::timestamptz[], $10::text[], $11::text[], $12::text[],
        $13::text[], $14::text[], $15::text[]
    ) as input (
        op_id, fence, attempt, outcome_type, outcome, now,
        state, next_attempt_at, unaccounted_at, message, provider_ref, result,
        error_code, error_cause, redacted
    )
), applied as (
    update {domain}_operations as operations
    set state = input.state, next_attempt_at = input.next_attempt_at,
        unaccounted_at = input.unaccounted_at, message = input.message,
        provider_ref = coalesce(input.provider_ref, operations.provider_ref),
        result = input.result, error_code = input.error_code, error_cause = input.error_cause,
        completed_at = case when input.state in ('COMPLETED', 'FAILED') then input.now end,
        payload = case
            when input.state in ('COMPLETED', 'FAILED') then coalesce(input.redacted, operations.payload)
            else operations.payload
        end,
        probes = case when input.state = 'PENDING' then 0 else operations.probes end,
        lease_owner = null, lease_expires_at = null, updated_at = input.now
    from input
    where operations.op_id = input.op_id and operations.fence = input.fence
        and operations.state || '' in ('IN_PROGRESS', 'UNKNOWN')
    returning operations.op_id, operations.fence, input.attempt, input.outcome_type, input.outcome,
        input.now
), logged as (
    insert into {domain}_write_ahead_logs (
        op_id, fence, attempt, state, outcome_type, outcome, created_at, written_at, completed_at
    )
    select op_id, fence, attempt, 'COMPLETED', outcome_type, outcome, now, now, now from applied
    on conflict (op_id, fence) do update set
        state = excluded.state, outcome_type = excluded.outcome_type, outcome = excluded.outcome,
        written_at = excluded.written_at, completed_at = excluded.completed_at
)
select op_id, fence from applied

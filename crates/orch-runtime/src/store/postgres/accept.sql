-- The first write of a key wins; a second one changes nothing and is answered by accepted.sql.
with input as (
    select * from unnest(
        $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
        $8::boolean[], $9::text[], $10::timestamptz[], $11::timestamptz[], $12::timestamptz[],
        $13::text[]{arrays}
    ) as input (
        op_id, owner_id, idem_key, biz_key, event_type, fingerprint, payload,
        leased, worker, lease_expires_at, accepted_at, deadline_at, trace_parent{names}
    )
), accepted as (
    insert into {domain}_operations (
        op_id, owner_id, idem_key, biz_key, event_type, fingerprint, payload,
        state, attempts, fence, lease_owner, lease_expires_at, next_attempt_at, first_sent_at,
        deadline_at, accepted_at, updated_at, trace_parent{columns}
    )
    select op_id, owner_id, idem_key, biz_key, event_type, fingerprint, payload,
        case when leased then 'IN_PROGRESS' else 'PENDING' end, leased::integer, leased::integer,
        worker, lease_expires_at,
        case when not leased then accepted_at end, case when leased then accepted_at end,
        deadline_at, accepted_at, accepted_at, trace_parent{values}
    from input
    on conflict (owner_id, idem_key) do nothing
    returning op_id, attempts, accepted_at
), intended as (
    insert into {domain}_write_ahead_logs (op_id, fence, attempt, state, created_at)
    select op_id, 1, 1, 'INTENT', accepted_at from accepted where attempts = 1
)
select op_id from accepted

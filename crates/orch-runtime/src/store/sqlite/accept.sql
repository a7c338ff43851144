-- The first write of a key wins; a second one changes nothing and is answered by accepted.sql.
insert into {domain}_operations (
    op_id, owner_id, idem_key, biz_key, event_type, fingerprint, payload,
    state, attempts, fence, lease_owner, lease_expires_at, next_attempt_at, first_sent_at,
    deadline_at, accepted_at, updated_at, trace_parent{columns}
) values (
    ?1, ?2, ?3, ?4, ?5, ?6, ?7,
    ?8, ?9, ?9, ?10, ?11, ?12, ?13,
    ?14, ?15, ?15, ?16{values}
)
on conflict (owner_id, idem_key) do nothing

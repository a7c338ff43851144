-- A probe has no intent of its own, so the entry may be new.
insert into {domain}_write_ahead_logs (
    op_id, fence, attempt, state, outcome_type, outcome, created_at, written_at, completed_at
) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, case when ?4 = 'COMPLETED' then ?7 end)
on conflict (op_id, fence) do update set
    state = excluded.state, outcome_type = excluded.outcome_type, outcome = excluded.outcome,
    written_at = excluded.written_at, completed_at = excluded.completed_at

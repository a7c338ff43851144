-- Durable before the first byte leaves for the provider.
insert into {domain}_write_ahead_logs (op_id, fence, attempt, state, created_at)
values (?1, ?2, ?3, 'INTENT', ?4)

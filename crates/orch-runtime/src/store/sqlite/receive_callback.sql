-- The first delivery of an event wins.
insert into {domain}_callbacks (event_id, op_id, provider_ref, kind, outcome, state, received_at)
values (?1, ?2, ?3, ?4, ?5, 'RECEIVED', ?6)
on conflict (event_id) do nothing

insert into orch_lanes (name, record, updated_at) values (?1, ?2, ?3)
on conflict (name) do update set record = excluded.record, updated_at = excluded.updated_at

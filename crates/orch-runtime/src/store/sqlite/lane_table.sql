create table if not exists orch_lanes (
    name text primary key, record text not null, updated_at integer not null
) without rowid

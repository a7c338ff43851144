select record from orch_lanes where name = $1 for update

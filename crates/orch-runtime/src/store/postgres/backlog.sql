-- Each line walks its own range of an index. Operations that have ended are not among them: there may be
-- millions.
select
    (select count(*) from {domain}_operations where state = 'PENDING'),
    (select count(*) from {domain}_operations where state = 'IN_PROGRESS'),
    (select count(*) from {domain}_operations where state = 'UNKNOWN'),
    (select count(*) from {domain}_operations where state = 'PARKED'),
    (select min(next_attempt_at) from {domain}_operations where state = 'PENDING' and next_attempt_at <= $1),
    (select min(coalesce(unaccounted_at, updated_at)) from {domain}_operations where state = 'UNKNOWN'),
    (select count(*) from {domain}_write_ahead_logs where state = 'PENDING'),
    (select min(created_at) from {domain}_write_ahead_logs where state = 'PENDING')

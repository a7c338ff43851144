-- Attempts under way, and questions that are put or will be: few, and together in an index.
select min(expires_at) from (
    select min(lease_expires_at) as expires_at from {domain}_operations
    where state = 'IN_PROGRESS' and lease_expires_at > $1
    union all
    select min(next_attempt_at) from {domain}_operations
    where state = 'UNKNOWN' and next_attempt_at > $1
) as expiries

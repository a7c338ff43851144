-- The operation is found by its name, else by the provider's reference. A reference that several
-- operations have names none of them.
with waiting as (
    select event_id, op_id, provider_ref, outcome, received_at
    from {domain}_callbacks
    where state = 'RECEIVED' and {which}
    order by received_at, event_id limit $1
), matched as (
    select waiting.*, coalesce(
        (select op_id from {domain}_operations where op_id = waiting.op_id),
        (select case when count(*) = 1 then min(op_id) end from (
            select op_id from {domain}_operations where provider_ref = waiting.provider_ref limit 2
        ) as referred)
    ) as target
    from waiting
)
select matched.event_id, matched.received_at, matched.outcome, operations.op_id, operations.state
from matched
left join {domain}_operations as operations on operations.op_id = matched.target
order by matched.received_at, matched.event_id

update {domain}_callbacks as callbacks set outcome = input.sealed
from unnest($1::text[], $2::integer[], $3::text[], $4::text[]) as input (event_id, fence, stored, sealed)
where callbacks.event_id = input.event_id and callbacks.outcome = input.stored

update {domain}_operations as operations set payload = input.sealed
from unnest($1::text[], $2::integer[], $3::text[], $4::text[]) as input (op_id, fence, stored, sealed)
where operations.op_id = input.op_id and operations.payload = input.stored

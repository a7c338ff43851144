select known.owner_id, known.idem_key, known.op_id, known.fingerprint
from unnest($1::text[], $2::text[]) as asked (owner_id, idem_key)
join {domain}_operations as known
    on known.owner_id = asked.owner_id and known.idem_key = asked.idem_key

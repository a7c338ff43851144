select max(op_id) from (
    select op_id from {domain}_operations where op_id > $1 order by op_id limit $2
) as next

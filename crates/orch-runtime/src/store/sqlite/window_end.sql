-- A name that is no text is set aside elsewhere; it sorts behind all others.
select max(op_id) from (
    select op_id from {domain}_operations where op_id > ?1 and typeof(op_id) = 'text'
    order by op_id limit ?2
)

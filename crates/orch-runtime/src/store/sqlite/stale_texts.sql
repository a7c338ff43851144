-- Texts that are not under the current key, of the operations of one window. What the Reaper logs for a
-- lost worker is always the same and never sealed.
with operations as (
    select op_id, event_type, payload, result, error_cause from {domain}_operations
    where op_id > ?1 and op_id <= ?2
), texts as (
    select op_id, event_type, 0 as fence, 'payload' as place, payload as text from operations
    union all
    select op_id, event_type, 0, 'result', result from operations
    union all
    select op_id, event_type, 0, 'error_cause', error_cause from operations
    union all
    select operations.op_id, operations.event_type, log.fence, 'outcome', log.outcome
    from operations
    join {domain}_write_ahead_logs as log on log.op_id = operations.op_id
)
select op_id, event_type, fence, place, text from texts
where text is not null and substr(text, 1, length(?3)) <> ?3 and text <> ?4

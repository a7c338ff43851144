-- What callbacks of one window say that is not under the current key. The answer has the columns of
-- stale_texts.sql; what the Reaper logs is never here.
select event_id, '' as event_type, 0 as fence, 'callback' as place, outcome as text
from {domain}_callbacks
where event_id > $1 and event_id <= $2 and not starts_with(outcome, $3) and outcome <> $4

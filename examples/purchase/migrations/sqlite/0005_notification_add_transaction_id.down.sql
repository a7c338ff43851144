-- Takes new columns of notification operations away, with everything in them.
ALTER TABLE notification_operations DROP COLUMN transaction_id;

-- The notification operations keep other columns. What a column held before stays in the table.
ALTER TABLE notification_operations ADD COLUMN transaction_id TEXT;

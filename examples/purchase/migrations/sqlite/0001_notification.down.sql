-- Takes the tables of notification away, with everything in them.
DROP TABLE IF EXISTS notification_write_ahead_logs;
DROP TABLE IF EXISTS notification_operations;

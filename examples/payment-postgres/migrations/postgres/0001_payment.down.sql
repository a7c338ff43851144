-- Takes the tables of payment away, with everything in them.
DROP TABLE IF EXISTS payment_write_ahead_logs;
DROP TABLE IF EXISTS payment_operations;

-- Takes the tables of file upload away, with everything in them.
DROP TABLE IF EXISTS file_upload_write_ahead_logs;
DROP TABLE IF EXISTS file_upload_operations;

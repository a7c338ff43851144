-- The operations of notification and their write-ahead log.
-- States are compared one by one: SQLite makes a temporary table for `IN (...)` at each write.
CREATE TABLE IF NOT EXISTS notification_operations (
    op_id TEXT NOT NULL PRIMARY KEY,
    owner_id TEXT NOT NULL,
    idem_key TEXT NOT NULL,
    biz_key TEXT NOT NULL,
    event_type TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    payload TEXT NOT NULL,
    recipient TEXT,
    kind TEXT,
    text TEXT,
    state TEXT NOT NULL CHECK (
        state = 'PENDING' OR state = 'IN_PROGRESS' OR state = 'UNKNOWN'
        OR state = 'COMPLETED' OR state = 'FAILED' OR state = 'PARKED'
    ),
    attempts INTEGER NOT NULL DEFAULT 0,
    interruptions INTEGER NOT NULL DEFAULT 0,
    probes INTEGER NOT NULL DEFAULT 0,
    fence INTEGER NOT NULL DEFAULT 0,
    lease_owner TEXT,
    lease_expires_at INTEGER,
    next_attempt_at INTEGER,
    first_sent_at INTEGER,
    unaccounted_at INTEGER,
    deadline_at INTEGER NOT NULL,
    message TEXT,
    provider_ref TEXT,
    result TEXT,
    error_code TEXT,
    error_cause TEXT,
    progress_done INTEGER,
    progress_total INTEGER,
    accepted_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    completed_at INTEGER,
    trace_parent TEXT,
    CONSTRAINT uk_notification_operations_idem_key UNIQUE (owner_id, idem_key)
) WITHOUT ROWID;

-- Due work, and stuck work, is found here; ended operations are not in it.
CREATE INDEX IF NOT EXISTS idx_notification_operations_state_next_attempt_at
    ON notification_operations (state, next_attempt_at)
    WHERE state = 'PENDING' OR state = 'IN_PROGRESS' OR state = 'UNKNOWN' OR state = 'PARKED';

-- What failed is found here, by whoever looks for what can be done anew.
CREATE INDEX IF NOT EXISTS idx_notification_operations_failed
    ON notification_operations (op_id) WHERE state = 'FAILED';

CREATE TABLE IF NOT EXISTS notification_write_ahead_logs (
    op_id TEXT NOT NULL,
    fence INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (
        state = 'INTENT' OR state = 'PENDING' OR state = 'COMPLETED'
        OR state = 'LATE' OR state = 'CORRUPT'
    ),
    outcome_type TEXT CHECK (
        outcome_type = 'OK' OR outcome_type = 'RETRY'
        OR outcome_type = 'FAIL' OR outcome_type = 'UNKNOWN'
    ),
    outcome TEXT,
    created_at INTEGER NOT NULL,
    written_at INTEGER,
    completed_at INTEGER,
    PRIMARY KEY (op_id, fence)
) WITHOUT ROWID;

-- The Finalizer's work is found here.
CREATE INDEX IF NOT EXISTS idx_notification_wal_state_created_at
    ON notification_write_ahead_logs (state, created_at)
    WHERE state = 'PENDING';

-- The Cleaner's work is found here.
CREATE INDEX IF NOT EXISTS idx_notification_wal_created_at
    ON notification_write_ahead_logs (created_at);

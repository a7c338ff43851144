-- The operations of payment and their write-ahead log.
CREATE TABLE IF NOT EXISTS payment_operations (
    op_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    owner_id TEXT COLLATE "C" NOT NULL,
    idem_key TEXT COLLATE "C" NOT NULL,
    biz_key TEXT NOT NULL,
    event_type TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    payload TEXT NOT NULL,
    order_id TEXT,
    amount_value BIGINT,
    amount_currency TEXT,
    state TEXT COLLATE "C" NOT NULL CHECK (
        state IN ('PENDING', 'IN_PROGRESS', 'UNKNOWN', 'COMPLETED', 'FAILED', 'PARKED')
    ),
    attempts INTEGER NOT NULL DEFAULT 0,
    interruptions INTEGER NOT NULL DEFAULT 0,
    probes INTEGER NOT NULL DEFAULT 0,
    fence INTEGER NOT NULL DEFAULT 0,
    lease_owner TEXT,
    lease_expires_at TIMESTAMPTZ,
    next_attempt_at TIMESTAMPTZ,
    first_sent_at TIMESTAMPTZ,
    unaccounted_at TIMESTAMPTZ,
    deadline_at TIMESTAMPTZ NOT NULL,
    message TEXT,
    provider_ref TEXT,
    result TEXT,
    error_code TEXT,
    error_cause TEXT,
    progress_done BIGINT,
    progress_total BIGINT,
    accepted_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    completed_at TIMESTAMPTZ,
    trace_parent TEXT,
    CONSTRAINT uk_payment_operations_idem_key UNIQUE (owner_id, idem_key)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);

-- Due work, and stuck work, is found here; ended operations are not in it.
CREATE INDEX IF NOT EXISTS idx_payment_operations_state_next_attempt_at
    ON payment_operations (state, next_attempt_at)
    WHERE state IN ('PENDING', 'IN_PROGRESS', 'UNKNOWN', 'PARKED');

-- What failed is found here, by whoever looks for what can be done anew.
CREATE INDEX IF NOT EXISTS idx_payment_operations_failed
    ON payment_operations (op_id) WHERE state = 'FAILED';

CREATE TABLE IF NOT EXISTS payment_write_ahead_logs (
    op_id TEXT COLLATE "C" NOT NULL,
    fence INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (
        state IN ('INTENT', 'PENDING', 'COMPLETED', 'LATE', 'CORRUPT')
    ),
    outcome_type TEXT CHECK (outcome_type IN ('OK', 'RETRY', 'FAIL', 'UNKNOWN')),
    outcome TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    written_at TIMESTAMPTZ,
    completed_at TIMESTAMPTZ,
    PRIMARY KEY (op_id, fence)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);

-- The Finalizer's work is found here.
CREATE INDEX IF NOT EXISTS idx_payment_wal_state_created_at
    ON payment_write_ahead_logs (state, created_at)
    WHERE state = 'PENDING';

-- The Cleaner's work is found here: entries of one time stand side by side.
CREATE INDEX IF NOT EXISTS idx_payment_wal_created_at
    ON payment_write_ahead_logs USING brin (created_at);

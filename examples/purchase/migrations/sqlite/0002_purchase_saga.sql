-- The sagas of purchase and what their steps came to.
CREATE TABLE IF NOT EXISTS purchase_saga_states (
    transaction_id TEXT NOT NULL PRIMARY KEY,
    owner_id TEXT NOT NULL,
    idem_key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    pattern TEXT NOT NULL CHECK (pattern = 'ORCHESTRATION' OR pattern = 'CHOREOGRAPHY'),
    payload TEXT NOT NULL,
    user_id TEXT,
    item_id TEXT,
    quantity INTEGER,
    price_value INTEGER,
    price_currency TEXT,
    status TEXT NOT NULL CHECK (
        status = 'PENDING' OR status = 'IN_PROGRESS' OR status = 'COMPENSATING'
        OR status = 'COMPLETED' OR status = 'COMPENSATED' OR status = 'FAILED'
    ),
    stop TEXT CHECK (stop = 'CANCELLED' OR stop = 'DEADLINE_PASSED'),
    error_message TEXT,
    version INTEGER NOT NULL,
    look_at INTEGER,
    deadline_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    completed_at INTEGER,
    CONSTRAINT uk_purchase_saga_states_idem_key UNIQUE (owner_id, idem_key)
);

-- Sagas that somebody has to look at are found here; ended ones are not in it.
CREATE INDEX IF NOT EXISTS idx_purchase_saga_states_look_at
    ON purchase_saga_states (look_at) WHERE look_at IS NOT NULL;

-- Pages and histories are read here.
CREATE INDEX IF NOT EXISTS idx_purchase_saga_states_status_created_at
    ON purchase_saga_states (status, created_at);
CREATE INDEX IF NOT EXISTS idx_purchase_saga_states_created_at
    ON purchase_saga_states (created_at);
CREATE INDEX IF NOT EXISTS idx_purchase_saga_states_owner_id
    ON purchase_saga_states (owner_id, created_at);

CREATE TABLE IF NOT EXISTS purchase_saga_step_results (
    transaction_id TEXT NOT NULL REFERENCES purchase_saga_states (transaction_id),
    step TEXT NOT NULL,
    status TEXT NOT NULL CHECK (
        status = 'WAITING' OR status = 'RUNNING' OR status = 'SUCCEEDED' OR status = 'FAILED'
        OR status = 'IN_DOUBT' OR status = 'UNDOING' OR status = 'UNDONE'
        OR status = 'UNDO_PARKED' OR status = 'LEFT'
    ),
    data TEXT,
    provider_ref TEXT,
    error_code TEXT,
    error_message TEXT,
    op_id TEXT,
    undo_op_id TEXT,
    undo_attempts INTEGER NOT NULL,
    executed_at INTEGER,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (transaction_id, step)
) WITHOUT ROWID;

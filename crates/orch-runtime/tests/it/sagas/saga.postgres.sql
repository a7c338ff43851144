-- The tables of one kind of saga, as the generator writes them.
CREATE TABLE IF NOT EXISTS order_saga_states (
    transaction_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    owner_id TEXT COLLATE "C" NOT NULL,
    idem_key TEXT COLLATE "C" NOT NULL,
    fingerprint TEXT COLLATE "C" NOT NULL,
    pattern TEXT NOT NULL CHECK (pattern = 'ORCHESTRATION' OR pattern = 'CHOREOGRAPHY'),
    payload TEXT NOT NULL,
    status TEXT NOT NULL CHECK (
        status = 'PENDING' OR status = 'IN_PROGRESS' OR status = 'COMPENSATING'
        OR status = 'COMPLETED' OR status = 'COMPENSATED' OR status = 'FAILED'
    ),
    stop TEXT CHECK (stop = 'CANCELLED' OR stop = 'DEADLINE_PASSED'),
    error_message TEXT,
    version BIGINT NOT NULL,
    look_at TIMESTAMPTZ,
    deadline_at TIMESTAMPTZ NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    completed_at TIMESTAMPTZ,
    saga_plan TEXT,
    CONSTRAINT uk_order_saga_states_idem_key UNIQUE (owner_id, idem_key)
);

-- Sagas that somebody has to look at are found here; ended ones are not in it.
CREATE INDEX IF NOT EXISTS idx_order_saga_states_look_at
    ON order_saga_states (look_at) WHERE look_at IS NOT NULL;

-- Pages and histories are read here.
CREATE INDEX IF NOT EXISTS idx_order_saga_states_status_created_at
    ON order_saga_states (status, created_at);
CREATE INDEX IF NOT EXISTS idx_order_saga_states_created_at
    ON order_saga_states (created_at);
CREATE INDEX IF NOT EXISTS idx_order_saga_states_owner_id
    ON order_saga_states (owner_id, created_at);

CREATE TABLE IF NOT EXISTS order_saga_step_results (
    transaction_id TEXT COLLATE "C" NOT NULL REFERENCES order_saga_states (transaction_id),
    step TEXT COLLATE "C" NOT NULL,
    status TEXT NOT NULL CHECK (
        status = 'WAITING' OR status = 'RUNNING' OR status = 'SUCCEEDED' OR status = 'FAILED'
        OR status = 'IN_DOUBT' OR status = 'UNDOING' OR status = 'UNDONE'
        OR status = 'UNDO_PARKED' OR status = 'LEFT'
    ),
    data TEXT,
    provider_ref TEXT,
    error_code TEXT,
    error_message TEXT,
    op_id TEXT COLLATE "C",
    undo_op_id TEXT COLLATE "C",
    undo_attempts BIGINT NOT NULL,
    executed_at TIMESTAMPTZ,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (transaction_id, step)
);

-- What choreographed sagas tell, in the commit of what it tells of.
CREATE TABLE IF NOT EXISTS order_saga_outbox (
    event_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    transaction_id TEXT COLLATE "C" NOT NULL REFERENCES order_saga_states (transaction_id),
    seq BIGINT NOT NULL,
    event_type TEXT NOT NULL,
    envelope TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    published_at TIMESTAMPTZ,
    attempts BIGINT NOT NULL,
    next_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT uk_order_saga_outbox_seq UNIQUE (transaction_id, seq)
);

-- What waits to be published is found here, and what of its saga was told before it.
CREATE INDEX IF NOT EXISTS idx_order_saga_outbox_next_at
    ON order_saga_outbox (next_at) WHERE published_at IS NULL;
CREATE INDEX IF NOT EXISTS idx_order_saga_outbox_waiting
    ON order_saga_outbox (transaction_id, seq) WHERE published_at IS NULL;

-- Sagas of which something was told long ago are found here.
CREATE INDEX IF NOT EXISTS idx_order_saga_outbox_first
    ON order_saga_outbox (created_at) WHERE seq = 1;

-- Which handler has handled which event, in the commit of what it did.
CREATE TABLE IF NOT EXISTS order_saga_inbox (
    event_id TEXT COLLATE "C" NOT NULL,
    handler TEXT COLLATE "C" NOT NULL,
    transaction_id TEXT COLLATE "C" NOT NULL,
    event_type TEXT NOT NULL,
    processed_at TIMESTAMPTZ NOT NULL,
    duration_ms BIGINT NOT NULL,
    PRIMARY KEY (event_id, handler)
);

CREATE INDEX IF NOT EXISTS idx_order_saga_inbox_transaction_id
    ON order_saga_inbox (transaction_id);

-- Events that a handler could not take.
CREATE TABLE IF NOT EXISTS order_saga_event_dead_letters (
    event_id TEXT COLLATE "C" NOT NULL,
    handler TEXT COLLATE "C" NOT NULL,
    transaction_id TEXT COLLATE "C" NOT NULL,
    event_type TEXT NOT NULL,
    envelope TEXT NOT NULL,
    error TEXT NOT NULL,
    deliveries BIGINT NOT NULL,
    dead_at TIMESTAMPTZ NOT NULL,
    redriven_at TIMESTAMPTZ,
    redriven_by TEXT,
    reason TEXT,
    PRIMARY KEY (event_id, handler)
);

-- Those that wait for a person are found here.
CREATE INDEX IF NOT EXISTS idx_order_saga_event_dead_letters_dead_at
    ON order_saga_event_dead_letters (dead_at) WHERE redriven_at IS NULL;

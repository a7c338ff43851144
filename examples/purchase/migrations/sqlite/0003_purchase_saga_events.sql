-- What is told of purchase sagas, and who has handled it.

-- What choreographed sagas tell, in the commit of what it tells of.
CREATE TABLE IF NOT EXISTS purchase_saga_outbox (
    event_id TEXT NOT NULL PRIMARY KEY,
    transaction_id TEXT NOT NULL REFERENCES purchase_saga_states (transaction_id),
    seq INTEGER NOT NULL,
    event_type TEXT NOT NULL,
    envelope TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    published_at INTEGER,
    attempts INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    CONSTRAINT uk_purchase_saga_outbox_seq UNIQUE (transaction_id, seq)
);

-- What waits to be published is found here, and what of its saga was told before it.
CREATE INDEX IF NOT EXISTS idx_purchase_saga_outbox_next_at
    ON purchase_saga_outbox (next_at) WHERE published_at IS NULL;
CREATE INDEX IF NOT EXISTS idx_purchase_saga_outbox_waiting
    ON purchase_saga_outbox (transaction_id, seq) WHERE published_at IS NULL;

-- Which handler has handled which event, in the commit of what it did.
CREATE TABLE IF NOT EXISTS purchase_saga_inbox (
    event_id TEXT NOT NULL,
    handler TEXT NOT NULL,
    transaction_id TEXT NOT NULL,
    event_type TEXT NOT NULL,
    processed_at INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL,
    PRIMARY KEY (event_id, handler)
);

CREATE INDEX IF NOT EXISTS idx_purchase_saga_inbox_transaction_id
    ON purchase_saga_inbox (transaction_id);

-- Events that a handler could not take.
CREATE TABLE IF NOT EXISTS purchase_saga_event_dead_letters (
    event_id TEXT NOT NULL,
    handler TEXT NOT NULL,
    transaction_id TEXT NOT NULL,
    event_type TEXT NOT NULL,
    envelope TEXT NOT NULL,
    error TEXT NOT NULL,
    deliveries INTEGER NOT NULL,
    dead_at INTEGER NOT NULL,
    redriven_at INTEGER,
    redriven_by TEXT,
    reason TEXT,
    PRIMARY KEY (event_id, handler)
);

-- Those that wait for a person are found here.
CREATE INDEX IF NOT EXISTS idx_purchase_saga_event_dead_letters_dead_at
    ON purchase_saga_event_dead_letters (dead_at) WHERE redriven_at IS NULL;

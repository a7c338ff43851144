-- The inbox of one domain's callbacks, as the generator writes it.
CREATE TABLE IF NOT EXISTS charge_callbacks (
    event_id TEXT NOT NULL PRIMARY KEY,
    op_id TEXT,
    provider_ref TEXT,
    kind TEXT NOT NULL CHECK (kind = 'OK' OR kind = 'FAIL'),
    outcome TEXT NOT NULL,
    state TEXT NOT NULL CHECK (
        state = 'RECEIVED' OR state = 'APPLIED' OR state = 'CONFIRMED'
        OR state = 'CONFLICT' OR state = 'UNMATCHED' OR state = 'CORRUPT'
    ),
    matched_op_id TEXT,
    received_at INTEGER NOT NULL,
    settled_at INTEGER
) WITHOUT ROWID;

-- What waits is found here, by its age, its operation or the provider's reference.
CREATE INDEX IF NOT EXISTS idx_charge_callbacks_waiting
    ON charge_callbacks (received_at, event_id) WHERE state = 'RECEIVED';
CREATE INDEX IF NOT EXISTS idx_charge_callbacks_op_id
    ON charge_callbacks (op_id) WHERE state = 'RECEIVED';
CREATE INDEX IF NOT EXISTS idx_charge_callbacks_ref
    ON charge_callbacks (provider_ref) WHERE state = 'RECEIVED';

-- What was settled long ago is deleted by its age.
CREATE INDEX IF NOT EXISTS idx_charge_callbacks_settled
    ON charge_callbacks (settled_at) WHERE settled_at IS NOT NULL;

-- A callback that names no operation is matched here.
CREATE INDEX IF NOT EXISTS idx_charge_operations_ref
    ON charge_operations (provider_ref) WHERE provider_ref IS NOT NULL;

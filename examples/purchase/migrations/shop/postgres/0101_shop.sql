-- Who buys, what there is to buy, what was bought, and who was told of it. Money is in minor units, so it is
-- exact.
CREATE TABLE users (
    user_id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    balance BIGINT NOT NULL DEFAULT 0 CHECK (balance >= 0),
    status TEXT NOT NULL DEFAULT 'active' CHECK (status = 'active' OR status = 'suspended'),
    purchase_limit BIGINT NOT NULL DEFAULT 0 CHECK (purchase_limit >= 0),
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE items (
    item_id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    price BIGINT NOT NULL CHECK (price > 0),
    stock BIGINT NOT NULL DEFAULT 0 CHECK (stock >= 0),
    is_available BOOLEAN NOT NULL DEFAULT TRUE,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE inventory (
    user_id TEXT NOT NULL REFERENCES users (user_id),
    item_id TEXT NOT NULL REFERENCES items (item_id),
    quantity BIGINT NOT NULL CHECK (quantity >= 0),
    PRIMARY KEY (user_id, item_id)
);

CREATE TABLE transaction_logs (
    log_id TEXT NOT NULL PRIMARY KEY,
    transaction_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    item_id TEXT NOT NULL,
    quantity BIGINT NOT NULL,
    price BIGINT NOT NULL,
    status TEXT NOT NULL CHECK (status = 'success' OR status = 'compensated'),
    log_data JSONB,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE INDEX idx_transaction_logs_user_id ON transaction_logs (user_id);

CREATE TABLE notifications (
    notification_id TEXT NOT NULL PRIMARY KEY,
    transaction_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    type TEXT NOT NULL,
    message TEXT NOT NULL,
    channels JSONB NOT NULL,
    status TEXT NOT NULL DEFAULT 'pending' CHECK (
        status = 'pending' OR status = 'sent' OR status = 'failed'
    ),
    sent_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE INDEX idx_notifications_user_id_status ON notifications (user_id, status);

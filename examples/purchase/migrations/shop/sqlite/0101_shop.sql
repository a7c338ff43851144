-- Who buys, what there is to buy, what was bought, and who was told of it. Money is in minor units, so it is
-- exact; times are in milliseconds since 1970.
CREATE TABLE users (
    user_id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    balance BIGINT NOT NULL DEFAULT 0 CHECK (balance >= 0),
    status TEXT NOT NULL DEFAULT 'active' CHECK (status = 'active' OR status = 'suspended'),
    purchase_limit BIGINT NOT NULL DEFAULT 0 CHECK (purchase_limit >= 0),
    created_at INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER)),
    updated_at INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER))
);

CREATE TABLE items (
    item_id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    price BIGINT NOT NULL CHECK (price > 0),
    stock BIGINT NOT NULL DEFAULT 0 CHECK (stock >= 0),
    is_available BOOLEAN NOT NULL DEFAULT TRUE,
    created_at INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER)),
    updated_at INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER))
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
    log_data TEXT CHECK (json_valid(log_data)),
    created_at INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER))
);

CREATE INDEX idx_transaction_logs_user_id ON transaction_logs (user_id);

CREATE TABLE notifications (
    notification_id TEXT NOT NULL PRIMARY KEY,
    transaction_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    type TEXT NOT NULL,
    message TEXT NOT NULL,
    channels TEXT NOT NULL CHECK (json_valid(channels)),
    status TEXT NOT NULL DEFAULT 'pending' CHECK (
        status = 'pending' OR status = 'sent' OR status = 'failed'
    ),
    sent_at INTEGER,
    created_at INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER))
);

CREATE INDEX idx_notifications_user_id_status ON notifications (user_id, status);

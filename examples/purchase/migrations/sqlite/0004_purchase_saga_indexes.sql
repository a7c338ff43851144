-- The purchase operations are found by other indexes.
DROP INDEX IF EXISTS idx_purchase_saga_outbox_first;
CREATE INDEX IF NOT EXISTS idx_purchase_saga_outbox_first ON purchase_saga_outbox (created_at) WHERE seq = 1;
DROP INDEX IF EXISTS idx_purchase_saga_states_user_id;
CREATE INDEX IF NOT EXISTS idx_purchase_saga_states_user_id ON purchase_saga_states (user_id, created_at);

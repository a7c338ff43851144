-- Takes the events of purchase sagas away, with all that was told.
DROP TABLE IF EXISTS purchase_saga_event_dead_letters;
DROP TABLE IF EXISTS purchase_saga_inbox;
DROP TABLE IF EXISTS purchase_saga_outbox;

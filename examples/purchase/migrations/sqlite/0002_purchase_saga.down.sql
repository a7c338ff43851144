-- Takes the tables of purchase sagas away, with everything in them.
DROP TABLE IF EXISTS purchase_saga_step_results;
DROP TABLE IF EXISTS purchase_saga_states;

-- The purchase operations keep other columns. What a column held before stays in the table.
ALTER TABLE purchase_saga_states ADD COLUMN saga_plan TEXT;

-- Takes exactly the sample away.
DELETE FROM users WHERE user_id IN ('user-123', 'user-456', 'user-suspended');
DELETE FROM items
WHERE item_id IN ('item-sword', 'item-potion', 'item-out-of-stock', 'item-disabled');

-- Three people and four things, to try the shop out.
INSERT INTO users (user_id, name, balance, status, purchase_limit) VALUES
    ('user-123', 'Ada', 100000, 'active', 50000),
    ('user-456', 'Bob', 5000, 'active', 10000),
    ('user-suspended', 'Eve', 100000, 'suspended', 0);
INSERT INTO items (item_id, name, price, stock, is_available) VALUES
    ('item-sword', 'Magic Sword', 10000, 50, TRUE),
    ('item-potion', 'Health Potion', 2000, 100, TRUE),
    ('item-out-of-stock', 'Rare Gem', 50000, 0, TRUE),
    ('item-disabled', 'Disabled Item', 5000, 10, FALSE);

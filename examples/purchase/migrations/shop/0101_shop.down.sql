-- Takes the shop away, with everything in it.
DROP TABLE notifications;
DROP TABLE transaction_logs;
DROP TABLE inventory;
DROP TABLE items;
DROP TABLE users;

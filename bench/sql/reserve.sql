-- One limit buy of 0.001 BTC at 60,000 USDT as a careful program writes it: the rows of the executor,
-- a statement a round trip. Ids grow per client, as UUIDv7 do. `bench/parity.py` compares the rows.
-- In a prepared statement a word after a colon is a parameter, even between quotes.
\set i :i + 1
\set n (:run * 64 + :client_id) * 16777216 + :i
\set number random(:first_number, :last_number)
BEGIN;
SELECT account_id, sequence + 1 AS first_event, sequence + 2 AS second_event,
       '01900000-0000-7000-8000-' || lpad(to_hex((:n)::bigint), 12, '0') AS order_id,
       '01900000-0001-7000-8000-' || lpad(to_hex((:n)::bigint), 12, '0') AS command_id
  FROM accounts WHERE number = :number FOR UPDATE \gset
SELECT command_id, request_hash FROM idempotency_keys WHERE owner = :account_id AND key = :order_id;
SELECT outcome FROM commands WHERE command_id = :command_id;
SELECT available, reserved, owed FROM wallets
 WHERE account_id = :account_id AND asset = 'USDT' FOR UPDATE;
UPDATE wallets SET available = available - 60, reserved = reserved + 60
 WHERE account_id = :account_id AND asset = 'USDT';
INSERT INTO orders (
  order_id, account_id, account_number, symbol, base_asset, quote_asset, side, type,
  time_in_force, quantity, price, client_order_id, status, filled_quantity, filled_notional,
  version, children, late_fill, created_at, updated_at
) VALUES (
  :order_id, :account_id, :number, 'BTCUSDT', 'BTC', 'USDT', 'BUY', 'LIMIT', 'GTC', 0.001, 60000,
  :order_id, 'PENDING_NEW', 0, 0, 1, 0, false, now(), now()
);
INSERT INTO reservations (order_id, account_id, asset, amount, consumed, released)
VALUES (:order_id, :account_id, 'USDT', 60, 0, 0);
INSERT INTO order_events (order_id, version, trigger, status, filled_quantity, recorded_at)
VALUES (:order_id, 1, 'SUBMIT', 'PENDING_NEW', 0, now());
INSERT INTO commands (command_id, kind, outcome, recorded_at)
VALUES (:command_id, 'place_order', convert_to(repeat('x', :outcome_bytes), 'UTF8'), now());
INSERT INTO idempotency_keys (owner, key, request_hash, command_id, recorded_at)
VALUES (:account_id, :order_id, convert_to(repeat('x', 32), 'UTF8'), :command_id, now());
INSERT INTO outbox (event_id, topic, account_id, sequence, body, recorded_at)
VALUES (:order_id, 'orders.submitted', :account_id, :first_event,
        convert_to(repeat('x', :body_1_bytes), 'UTF8'), now()),
       (:command_id, 'balances.updated', :account_id, :second_event,
        convert_to(repeat('x', :body_2_bytes), 'UTF8'), now());
UPDATE accounts
   SET sequence = :second_event, open_orders = open_orders + 1, traded_on = current_date,
       traded_notional = traded_notional + 60, rate_window = date_trunc('second', now()),
       rate_count = rate_count + 1
 WHERE account_id = :account_id;
COMMIT;

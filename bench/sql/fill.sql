-- One fill of 0.00001 BTC of an account's standing order as a careful program writes it: the rows of
-- the executor, a statement a round trip. `bench/parity.py` compares the rows.
-- In a prepared statement a word after a colon is a parameter, even between quotes.
\set i :i + 1
\set n (:run * 64 + :client_id) * 16777216 + :i
\set number random(:first_number, :last_number)
BEGIN;
SELECT account_id, sequence + 1 AS event_1, sequence + 2 AS event_2, sequence + 3 AS event_3,
       sequence + 4 AS event_4, 'client:' || account_id AS client,
       'binance:' || 'BTCUSDT:' || (:n)::bigint || ':' || (:number)::bigint AS reference,
       '01900000-0002-7000-8000-' || lpad(to_hex((:n)::bigint), 12, '0') AS entry_id,
       '01900000-0003-7000-8000-' || lpad(to_hex((:n)::bigint), 12, '0') AS command_id
  FROM accounts WHERE number = :number FOR UPDATE \gset
SELECT outcome FROM commands WHERE command_id = :command_id;
SELECT journal_entry_id FROM executions
 WHERE venue = 'binance' AND symbol = 'BTCUSDT' AND trade_id = :n AND venue_order_id = :number;
SELECT order_id, version + 1 AS version FROM orders
 WHERE account_id = :account_id AND client_order_id = 'standing' FOR UPDATE \gset
SELECT amount, consumed, released FROM reservations WHERE order_id = :order_id FOR UPDATE;
SELECT status, filled_quantity FROM venue_orders WHERE order_id = :order_id AND child = 1 FOR UPDATE;
SELECT asset, available, reserved, owed FROM wallets
 WHERE account_id = :account_id AND asset IN ('BTC', 'USDT') ORDER BY asset FOR UPDATE;
SELECT quantity, cost, realised_profit FROM positions
 WHERE account_id = :account_id AND asset = 'BTC';
INSERT INTO executions (
  venue, symbol, trade_id, venue_order_id, order_id, child, account_id, side, quantity, price,
  notional, commission, commission_asset, fee, fee_asset, liquidity, late, from_reservation,
  from_available, owed, journal_entry_id, transacted_at, recorded_at
) VALUES (
  'binance', 'BTCUSDT', :n, :number, :order_id, 1, :account_id, 'BUY', 0.00001, 60000, 0.6,
  0.00000001, 'BTC', 0, 'BTC', 'TAKER', false, 0.6, 0, 0, :entry_id, now(), now()
);
UPDATE orders
   SET status = 'PARTIALLY_FILLED', filled_quantity = filled_quantity + 0.00001,
       filled_notional = filled_notional + 0.6, version = :version, updated_at = now()
 WHERE order_id = :order_id;
UPDATE reservations SET consumed = consumed + 0.6 WHERE order_id = :order_id;
UPDATE venue_orders SET filled_quantity = filled_quantity + 0.00001
 WHERE order_id = :order_id AND child = 1;
UPDATE wallets SET reserved = reserved - 0.6 WHERE account_id = :account_id AND asset = 'USDT';
UPDATE wallets SET available = available + 0.00000999
 WHERE account_id = :account_id AND asset = 'BTC';
UPDATE positions SET quantity = quantity + 0.00000999, cost = cost + 0.6
 WHERE account_id = :account_id AND asset = 'BTC';
INSERT INTO journal_entries (journal_entry_id, kind, reference, recorded_at)
VALUES (:entry_id, 'fill', :reference, now());
INSERT INTO postings (journal_entry_id, line, account, asset, amount, recorded_at)
VALUES (:entry_id, 1, :client, 'BTC', 0.00001, now()),
       (:entry_id, 2, 'venue:' || 'binance', 'BTC', -0.00001, now()),
       (:entry_id, 3, 'venue:' || 'binance', 'USDT', 0.6, now()),
       (:entry_id, 4, :client, 'USDT', -0.6, now()),
       (:entry_id, 5, 'venue:' || 'binance', 'BTC', 0.00000001, now()),
       (:entry_id, 6, :client, 'BTC', -0.00000001, now());
INSERT INTO order_events (order_id, version, trigger, status, filled_quantity, recorded_at)
VALUES (:order_id, :version, 'FILL_PARTIALLY', 'PARTIALLY_FILLED', 0.00001, now());
INSERT INTO commands (command_id, kind, outcome, recorded_at)
VALUES (:command_id, 'apply_execution', convert_to(repeat('x', :outcome_bytes), 'UTF8'), now());
INSERT INTO outbox (event_id, topic, account_id, sequence, body, recorded_at)
VALUES (:entry_id, 'executions.recorded', :account_id, :event_1,
        convert_to(repeat('x', :body_1_bytes), 'UTF8'), now()),
       (:entry_id, 'orders.updated', :account_id, :event_2,
        convert_to(repeat('x', :body_2_bytes), 'UTF8'), now()),
       (:entry_id, 'balances.updated', :account_id, :event_3,
        convert_to(repeat('x', :body_3_bytes), 'UTF8'), now()),
       (:entry_id, 'balances.updated', :account_id, :event_4,
        convert_to(repeat('x', :body_4_bytes), 'UTF8'), now());
UPDATE accounts SET sequence = :event_4 WHERE account_id = :account_id;
COMMIT;

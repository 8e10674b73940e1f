-- Everything, for `verify` and for tests: one statement per table, in one snapshot.

-- accounts
SELECT a.account_id::text, a.number, a.name, a.status, a.sequence, a.open_orders, a.traded_on,
       a.traded_notional, a.rate_window, a.rate_count, a.created_at
  FROM accounts AS a

-- wallets
SELECT w.account_id::text, w.asset, w.available, w.reserved, w.owed
  FROM wallets AS w

-- positions
SELECT p.account_id::text, p.asset, p.quantity, p.cost, p.realised_profit
  FROM positions AS p

-- orders
SELECT o.order_id::text, o.account_id::text, o.account_number, o.symbol, o.base_asset,
       o.quote_asset, o.side, o.type, o.time_in_force, o.quantity, o.quote_quantity, o.price,
       o.stop_price, o.client_order_id, o.status, o.filled_quantity, o.filled_notional, o.version,
       o.children, o.reason, o.late_fill, o.replace_quantity, o.replace_price, o.created_at,
       o.updated_at
  FROM orders AS o
 ORDER BY o.created_at, o.order_id

-- venue_orders
SELECT v.order_id::text, v.account_id::text, v.child, v.venue_client_order_id, v.symbol, v.side,
       v.type, v.time_in_force, v.quantity, v.quote_quantity, v.price, v.attempted_at,
       v.receive_window, v.status, v.venue_order_id, v.outcome, v.outcome_reason,
       v.outcome_quantity, v.filled_quantity
  FROM venue_orders AS v
 ORDER BY v.order_id, v.child

-- reservations
SELECT r.order_id::text, r.account_id::text, r.asset, r.amount, r.consumed, r.released
  FROM reservations AS r

-- order_events
SELECT e.order_id::text, e.version, e.trigger, e.status, e.filled_quantity, e.detail, e.recorded_at
  FROM order_events AS e
 ORDER BY e.order_id, e.version

-- executions
SELECT e.venue, e.symbol, e.trade_id, e.venue_order_id, e.order_id::text, e.child,
       e.account_id::text, e.side, e.quantity, e.price, e.notional, e.commission,
       e.commission_asset, e.fee, e.fee_asset, e.liquidity, e.late, e.from_reservation,
       e.from_available, e.owed, e.journal_entry_id::text, e.transacted_at, e.recorded_at
  FROM executions AS e
 ORDER BY e.recorded_at, e.journal_entry_id

-- journal_entries
SELECT j.journal_entry_id::text, j.kind, j.reference, j.recorded_at, p.account, p.asset, p.amount
  FROM journal_entries AS j
  LEFT JOIN postings AS p ON p.journal_entry_id = j.journal_entry_id
 ORDER BY j.xid, j.position, p.line

-- outbox
SELECT o.event_id::text, o.topic, o.account_id::text, o.sequence, o.body, o.recorded_at
  FROM outbox AS o
 ORDER BY o.xid, o.id

-- inbox
SELECT b.consumer, b.event_id::text, b.command_id::text
  FROM inbox AS b

-- commands
SELECT c.command_id::text, c.kind, c.outcome, c.recorded_at
  FROM commands AS c

-- idempotency
SELECT i.owner, i.key, i.request_hash, i.command_id::text, i.recorded_at
  FROM idempotency_keys AS i

-- instruments
SELECT i.symbol, i.base_asset, i.quote_asset, i.base_scale, i.quote_scale, i.state, i.min_price,
       i.max_price, i.tick_size, i.min_quantity, i.max_quantity, i.step_size,
       i.market_min_quantity, i.market_max_quantity, i.market_step_size, i.min_notional,
       i.max_notional, i.apply_min_to_market, i.apply_max_to_market, i.bid_multiplier_up,
       i.bid_multiplier_down, i.ask_multiplier_up, i.ask_multiplier_down, i.order_types
  FROM instruments AS i

-- assets
SELECT s.asset, s.scale
  FROM assets AS s

-- audits
SELECT a.audit_id::text, a.command_id::text, a.actor, a.action, a.subject, a.account_id::text,
       a.reason, a.before, a.after, a.correlation_id, a.recorded_at
  FROM audit_log AS a
 ORDER BY a.recorded_at, a.audit_id

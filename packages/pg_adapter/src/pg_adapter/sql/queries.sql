-- Reads for people and programs. `queries.py` ends those that page with where the page begins, the
-- order and its length.

-- account
SELECT a.account_id::text, a.number, a.name, a.status, a.sequence, a.open_orders, a.traded_on,
       a.traded_notional, a.rate_window, a.rate_count, a.created_at
  FROM accounts AS a
 WHERE a.account_id = %(account_id)s::uuid

-- accounts
-- The house's own is no customer's.
SELECT a.account_id::text, a.number, a.name, a.status, a.sequence, a.open_orders, a.traded_on,
       a.traded_notional, a.rate_window, a.rate_count, a.created_at
  FROM accounts AS a
 WHERE a.number > 0

-- order
SELECT o.order_id::text, o.account_id::text, o.account_number, o.symbol, o.base_asset,
       o.quote_asset, o.side, o.type, o.time_in_force, o.quantity, o.quote_quantity, o.price,
       o.stop_price, o.client_order_id, o.status, o.filled_quantity, o.filled_notional, o.version,
       o.children, o.reason, o.late_fill, o.replace_quantity, o.replace_price, o.created_at,
       o.updated_at
  FROM orders AS o
 WHERE o.order_id = %(order_id)s::uuid AND o.account_id = %(account_id)s::uuid

-- order_of_client
SELECT o.order_id::text, o.account_id::text, o.account_number, o.symbol, o.base_asset,
       o.quote_asset, o.side, o.type, o.time_in_force, o.quantity, o.quote_quantity, o.price,
       o.stop_price, o.client_order_id, o.status, o.filled_quantity, o.filled_notional, o.version,
       o.children, o.reason, o.late_fill, o.replace_quantity, o.replace_price, o.created_at,
       o.updated_at
  FROM orders AS o
 WHERE o.account_id = %(account_id)s::uuid AND o.client_order_id = %(client_order_id)s::text

-- orders
SELECT o.order_id::text, o.account_id::text, o.account_number, o.symbol, o.base_asset,
       o.quote_asset, o.side, o.type, o.time_in_force, o.quantity, o.quote_quantity, o.price,
       o.stop_price, o.client_order_id, o.status, o.filled_quantity, o.filled_notional, o.version,
       o.children, o.reason, o.late_fill, o.replace_quantity, o.replace_price, o.created_at,
       o.updated_at
  FROM orders AS o
 WHERE o.account_id = %(account_id)s::uuid
   AND (%(symbol)s::text IS NULL OR o.symbol = %(symbol)s::text)
   AND (%(side)s::text IS NULL OR o.side = %(side)s::text)
   AND o.created_at >= %(created_from)s::timestamptz
   AND o.created_at < %(created_to)s::timestamptz
   AND (NOT %(ended)s::boolean OR o.status IN ('FILLED', 'CANCELED', 'REJECTED', 'EXPIRED'))

-- open_orders
-- The same, in the words of the index of open orders: few among many.
SELECT o.order_id::text, o.account_id::text, o.account_number, o.symbol, o.base_asset,
       o.quote_asset, o.side, o.type, o.time_in_force, o.quantity, o.quote_quantity, o.price,
       o.stop_price, o.client_order_id, o.status, o.filled_quantity, o.filled_notional, o.version,
       o.children, o.reason, o.late_fill, o.replace_quantity, o.replace_price, o.created_at,
       o.updated_at
  FROM orders AS o
 WHERE o.account_id = %(account_id)s::uuid
   AND (%(symbol)s::text IS NULL OR o.symbol = %(symbol)s::text)
   AND (%(side)s::text IS NULL OR o.side = %(side)s::text)
   AND o.created_at >= %(created_from)s::timestamptz
   AND o.created_at < %(created_to)s::timestamptz
   AND o.status NOT IN ('FILLED', 'CANCELED', 'REJECTED', 'EXPIRED')

-- order_events
SELECT e.order_id::text, e.version, e.trigger, e.status, e.filled_quantity, e.detail, e.recorded_at
  FROM order_events AS e
 WHERE e.order_id = %(order_id)s::uuid
 ORDER BY e.version

-- venue_orders
SELECT v.order_id::text, v.account_id::text, v.child, v.venue_client_order_id, v.symbol, v.side,
       v.type, v.time_in_force, v.quantity, v.quote_quantity, v.price, v.attempted_at,
       v.receive_window, v.status, v.venue_order_id, v.outcome, v.outcome_reason,
       v.outcome_quantity, v.filled_quantity
  FROM venue_orders AS v
 WHERE v.order_id = %(order_id)s::uuid
 ORDER BY v.child

-- child_of_venue
SELECT v.order_id::text, v.account_id::text, v.child, v.venue_client_order_id, v.symbol, v.side,
       v.type, v.time_in_force, v.quantity, v.quote_quantity, v.price, v.attempted_at,
       v.receive_window, v.status, v.venue_order_id, v.outcome, v.outcome_reason,
       v.outcome_quantity, v.filled_quantity
  FROM venue_orders AS v
 WHERE v.symbol = %(symbol)s::text AND v.venue_order_id = %(venue_order_id)s::bigint
   AND v.venue_order_id IS NOT NULL
 ORDER BY v.order_id, v.child
 LIMIT 1

-- trade_cursor
SELECT t.venue, t.symbol, t.trade_id
  FROM trade_cursors AS t
 WHERE t.venue = %(venue)s::text AND t.symbol = %(symbol)s::text

-- living_children
SELECT v.order_id::text, v.account_id::text, v.child, v.venue_client_order_id, v.symbol, v.side,
       v.type, v.time_in_force, v.quantity, v.quote_quantity, v.price, v.attempted_at,
       v.receive_window, v.status, v.venue_order_id, v.outcome, v.outcome_reason,
       v.outcome_quantity, v.filled_quantity
  FROM venue_orders AS v
 WHERE v.status <> 'ENDED'
 ORDER BY v.order_id, v.child

-- open_attempts
-- Sent and unanswered, or ended at the venue with fills that have not come yet.
SELECT v.order_id::text, v.account_id::text, v.child, v.venue_client_order_id, v.symbol, v.side,
       v.type, v.time_in_force, v.quantity, v.quote_quantity, v.price, v.attempted_at,
       v.receive_window, v.status, v.venue_order_id, v.outcome, v.outcome_reason,
       v.outcome_quantity, v.filled_quantity
  FROM venue_orders AS v
 WHERE v.status <> 'ENDED' AND (v.status = 'ATTEMPTED' OR v.outcome IS NOT NULL)
 ORDER BY v.order_id, v.child

-- pending_cancels
-- Those too that live although their order has ended: the cancel that was asked for may be lost.
SELECT v.order_id::text, v.account_id::text, v.child, v.venue_client_order_id, v.symbol, v.side,
       v.type, v.time_in_force, v.quantity, v.quote_quantity, v.price, v.attempted_at,
       v.receive_window, v.status, v.venue_order_id, v.outcome, v.outcome_reason,
       v.outcome_quantity, v.filled_quantity
  FROM venue_orders AS v
  JOIN orders AS o ON o.order_id = v.order_id
 WHERE v.status <> 'ENDED' AND v.status = 'LIVE'
   AND (%(order_id)s::uuid IS NULL OR v.order_id = %(order_id)s::uuid)
   AND (
         o.status = 'PENDING_CANCEL'
         OR o.status = 'PENDING_REPLACE' AND o.replace_quantity IS NOT NULL
         OR o.status IN ('FILLED', 'CANCELED', 'REJECTED', 'EXPIRED') AND v.outcome IS NULL
       )
 ORDER BY v.order_id, v.child

-- reservation
SELECT r.order_id::text, r.account_id::text, r.asset, r.amount, r.consumed, r.released
  FROM reservations AS r
 WHERE r.order_id = %(order_id)s::uuid

-- executions
SELECT e.venue, e.symbol, e.trade_id, e.venue_order_id, e.order_id::text, e.child,
       e.account_id::text, e.side, e.quantity, e.price, e.notional, e.commission,
       e.commission_asset, e.fee, e.fee_asset, e.liquidity, e.late, e.from_reservation,
       e.from_available, e.owed, e.journal_entry_id::text, e.transacted_at, e.recorded_at
  FROM executions AS e
 WHERE e.account_id = %(account_id)s::uuid
   AND (%(order_id)s::uuid IS NULL OR e.order_id = %(order_id)s::uuid)
   AND (%(symbol)s::text IS NULL OR e.symbol = %(symbol)s::text)

-- wallets
SELECT w.account_id::text, w.asset, w.available, w.reserved, w.owed
  FROM wallets AS w
 WHERE w.account_id = %(account_id)s::uuid
 ORDER BY w.asset COLLATE "C"

-- positions
SELECT p.account_id::text, p.asset, p.quantity, p.cost, p.realised_profit
  FROM positions AS p
 WHERE p.account_id = %(account_id)s::uuid
 ORDER BY p.asset COLLATE "C"

-- ledger
-- The first condition is the words of the index.
SELECT p.journal_entry_id::text, j.kind, j.reference, p.account, p.asset, p.amount, p.line,
       p.recorded_at
  FROM postings AS p
  JOIN journal_entries AS j ON j.journal_entry_id = p.journal_entry_id
 WHERE (starts_with(p.account, 'client:') OR starts_with(p.account, 'receivable:'))
   AND p.account IN (%(client)s::text, %(receivable)s::text)
   AND (%(asset)s::text IS NULL OR p.asset = %(asset)s::text)
   AND (%(reference)s::text IS NULL OR j.reference = %(reference)s::text)

-- instruments
SELECT i.symbol, i.base_asset, i.quote_asset, i.base_scale, i.quote_scale, i.state, i.min_price,
       i.max_price, i.tick_size, i.min_quantity, i.max_quantity, i.step_size,
       i.market_min_quantity, i.market_max_quantity, i.market_step_size, i.min_notional,
       i.max_notional, i.apply_min_to_market, i.apply_max_to_market, i.bid_multiplier_up,
       i.bid_multiplier_down, i.ask_multiplier_up, i.ask_multiplier_down, i.order_types
  FROM instruments AS i
 WHERE %(symbol)s::text IS NULL OR i.symbol = %(symbol)s::text
 ORDER BY i.symbol COLLATE "C"

-- limits
SELECT l.account_id::text, l.max_order_notional, l.max_open_orders, l.max_daily_notional,
       l.max_orders_per_second, l.price_band, l.allowed_symbols, l.duplicate_window
  FROM limits AS l
 WHERE l.account_id = %(account_id)s::uuid

-- fees
SELECT f.account_id::text, f.maker, f.taker
  FROM fee_policies AS f
 WHERE f.account_id = %(account_id)s::uuid

-- freezes
SELECT f.scope, f.target, f.mode, f.reason, f.frozen_by, f.frozen_at
  FROM freezes AS f
 ORDER BY f.scope COLLATE "C", f.target COLLATE "C"

-- audits
SELECT a.audit_id::text, a.command_id::text, a.actor, a.action, a.subject, a.account_id::text,
       a.reason, a.before, a.after, a.correlation_id, a.recorded_at
  FROM audit_log AS a
 WHERE (%(action)s::text IS NULL OR a.action = %(action)s::text)

-- house_balances
SELECT p.account, p.asset, sum(p.amount)
  FROM postings AS p
 WHERE NOT starts_with(p.account, 'client:') AND NOT starts_with(p.account, 'receivable:')
 GROUP BY p.account, p.asset
 ORDER BY p.account COLLATE "C", p.asset COLLATE "C"

-- last_venue_ids
SELECT t.symbol, max(t.venue_order_id), max(t.trade_id)
  FROM (SELECT v.symbol, coalesce(max(v.venue_order_id), 0) AS venue_order_id, 0 AS trade_id
          FROM venue_orders AS v
         GROUP BY v.symbol
         UNION ALL
        SELECT e.symbol, max(e.venue_order_id), max(e.trade_id)
          FROM executions AS e
         GROUP BY e.symbol) AS t
 GROUP BY t.symbol
 ORDER BY t.symbol COLLATE "C"

-- What a footprint names, a statement per table, in the order of the locks. `load.py` adds the lock
-- to the tables that are locked (a read takes the same statements without); ORDER BY comes first, so
-- that two transactions that meet wait for each other instead of deadlocking.
--
-- Where rows are joined to keys, the table stands in a LATERAL query with a LIMIT or an ORDER BY: a plan
-- made while the table was small would else walk the table and look for each row among the keys.
--
-- A statement sees what was committed before it began (READ COMMITTED), so whatever depends on a lock
-- is read by a later statement than the one that took it.

-- recorded_at
SELECT transaction_timestamp()

-- accounts
-- An order's account never changes: it is looked up without a lock.
SELECT a.account_id::text, a.number, a.name, a.status, a.sequence, a.open_orders, a.traded_on,
       a.traded_notional, a.rate_window, a.rate_count, a.created_at
  FROM accounts AS a
 WHERE a.account_id = ANY (%(accounts)s::uuid[]
                              || ARRAY(SELECT o.account_id FROM orders AS o
                                        WHERE o.order_id = ANY (%(orders)s::uuid[])))
 ORDER BY a.account_id

-- orders
SELECT o.order_id::text, o.account_id::text, o.account_number, o.symbol, o.base_asset,
       o.quote_asset, o.side, o.type, o.time_in_force, o.quantity, o.quote_quantity, o.price,
       o.stop_price, o.client_order_id, o.status, o.filled_quantity, o.filled_notional, o.version,
       o.children, o.reason, o.late_fill, o.replace_quantity, o.replace_price, o.created_at,
       o.updated_at
  FROM orders AS o
 WHERE o.order_id = ANY (%(orders)s::uuid[])
 ORDER BY o.order_id

-- reservations
SELECT r.order_id::text, r.account_id::text, r.asset, r.amount, r.consumed, r.released
  FROM reservations AS r
 WHERE r.order_id = ANY (%(orders)s::uuid[])
 ORDER BY r.order_id

-- venue_orders
SELECT v.order_id::text, v.account_id::text, v.child, v.venue_client_order_id, v.symbol, v.side,
       v.type, v.time_in_force, v.quantity, v.quote_quantity, v.price, v.attempted_at,
       v.receive_window, v.status, v.venue_order_id, v.outcome, v.outcome_reason,
       v.outcome_quantity, v.filled_quantity
  FROM venue_orders AS v
 WHERE v.order_id = ANY (%(orders)s::uuid[])
 ORDER BY v.order_id, v.child

-- wallets
SELECT w.account_id::text, w.asset, w.available, w.reserved, w.owed
  FROM wallets AS w
 WHERE w.account_id = ANY (%(accounts)s::uuid[]
                              || ARRAY(SELECT o.account_id FROM orders AS o
                                        WHERE o.order_id = ANY (%(orders)s::uuid[])))
   AND w.asset = ANY (%(assets)s::text[]
                         || ARRAY(SELECT unnest(ARRAY[i.base_asset, i.quote_asset])
                                    FROM instruments AS i
                                   WHERE i.symbol = ANY (%(symbols)s::text[]))
                         || ARRAY(SELECT unnest(ARRAY[o.base_asset, o.quote_asset])
                                    FROM orders AS o
                                   WHERE o.order_id = ANY (%(orders)s::uuid[])))
 ORDER BY w.account_id, w.asset

-- positions
-- The account's lock covers them: nobody writes a position without it.
SELECT p.account_id::text, p.asset, p.quantity, p.cost, p.realised_profit
  FROM positions AS p
 WHERE p.account_id = ANY (%(accounts)s::uuid[]
                              || ARRAY(SELECT o.account_id FROM orders AS o
                                        WHERE o.order_id = ANY (%(orders)s::uuid[])))
   AND p.asset = ANY (%(assets)s::text[]
                         || ARRAY(SELECT unnest(ARRAY[i.base_asset, i.quote_asset])
                                    FROM instruments AS i
                                   WHERE i.symbol = ANY (%(symbols)s::text[]))
                         || ARRAY(SELECT unnest(ARRAY[o.base_asset, o.quote_asset])
                                    FROM orders AS o
                                   WHERE o.order_id = ANY (%(orders)s::uuid[])))

-- funding
-- Two credits of one asset could each fit into the treasury and together not.
SELECT s.asset, s.scale
  FROM assets AS s
 WHERE s.asset = ANY (%(funding)s::text[])
 ORDER BY s.asset

-- stops
SELECT c.control
  FROM controls AS c
 WHERE c.control = 'stops'

-- freezes
SELECT f.scope, f.target, f.mode, f.reason, f.frozen_by, f.frozen_at
  FROM freezes AS f

-- instruments
SELECT i.symbol, i.base_asset, i.quote_asset, i.base_scale, i.quote_scale, i.state, i.min_price,
       i.max_price, i.tick_size, i.min_quantity, i.max_quantity, i.step_size,
       i.market_min_quantity, i.market_max_quantity, i.market_step_size, i.min_notional,
       i.max_notional, i.apply_min_to_market, i.apply_max_to_market, i.bid_multiplier_up,
       i.bid_multiplier_down, i.ask_multiplier_up, i.ask_multiplier_down, i.order_types
  FROM instruments AS i
 WHERE i.symbol = ANY (%(symbols)s::text[]
                         || ARRAY(SELECT o.symbol FROM orders AS o
                                   WHERE o.order_id = ANY (%(orders)s::uuid[])))

-- assets
SELECT s.asset, s.scale
  FROM assets AS s
 WHERE s.asset = ANY (%(assets)s::text[]
                         || ARRAY(SELECT unnest(ARRAY[i.base_asset, i.quote_asset])
                                    FROM instruments AS i
                                   WHERE i.symbol = ANY (%(symbols)s::text[]))
                         || ARRAY(SELECT unnest(ARRAY[o.base_asset, o.quote_asset])
                                    FROM orders AS o
                                   WHERE o.order_id = ANY (%(orders)s::uuid[])))

-- limits
-- With the house's row, the default.
SELECT l.account_id::text, l.max_order_notional, l.max_open_orders, l.max_daily_notional,
       l.max_orders_per_second, l.price_band, l.allowed_symbols, l.duplicate_window
  FROM limits AS l
 WHERE l.account_id = ANY (%(accounts)s::uuid[]
                              || ARRAY(SELECT o.account_id FROM orders AS o
                                        WHERE o.order_id = ANY (%(orders)s::uuid[]))
                              || '00000000-0000-7000-8000-000000000000'::uuid)

-- recent_orders
-- A row of one's own replaces the default whole, so its missing window means none. The order makes
-- the index by creation the cheapest, however few orders the planner believes in.
SELECT recent.account_id::text, recent.symbol, recent.side, recent.type, recent.quantity,
       recent.quote_quantity, recent.price, recent.created_at
  FROM (
         SELECT a.account_id,
                CASE WHEN own.account_id IS NULL THEN house.duplicate_window
                     ELSE own.duplicate_window END AS duplicate_window
           FROM accounts AS a
           JOIN limits AS house ON house.account_id = '00000000-0000-7000-8000-000000000000'
           LEFT JOIN LATERAL (
                  SELECT l.account_id, l.duplicate_window
                    FROM limits AS l WHERE l.account_id = a.account_id LIMIT 1
                ) AS own ON true
          WHERE a.account_id = ANY (%(accounts)s::uuid[]
                                    || ARRAY(SELECT o.account_id FROM orders AS o
                                              WHERE o.order_id = ANY (%(orders)s::uuid[])))
       ) AS k
 CROSS JOIN LATERAL (
         SELECT o.account_id, o.symbol, o.side, o.type, o.quantity, o.quote_quantity, o.price,
                o.created_at
           FROM orders AS o
          WHERE o.account_id = k.account_id
            AND o.created_at >= transaction_timestamp() - k.duplicate_window
          ORDER BY o.created_at
       ) AS recent
 WHERE k.duplicate_window IS NOT NULL

-- fees
-- With the house's row, the default.
SELECT f.account_id::text, f.maker, f.taker
  FROM fee_policies AS f
 WHERE f.account_id = ANY (%(accounts)s::uuid[]
                              || ARRAY(SELECT o.account_id FROM orders AS o
                                        WHERE o.order_id = ANY (%(orders)s::uuid[]))
                              || '00000000-0000-7000-8000-000000000000'::uuid)

-- client_order_ids
SELECT o.account_id::text, o.client_order_id, o.order_id::text
  FROM unnest(%(client_accounts)s::uuid[], %(client_order_ids)s::text[])
       AS k (account_id, client_order_id)
 CROSS JOIN LATERAL (
         SELECT o.account_id, o.client_order_id, o.order_id
           FROM orders AS o
          WHERE o.account_id = k.account_id AND o.client_order_id = k.client_order_id
          LIMIT 1
       ) AS o

-- executions
SELECT e.venue, e.symbol, e.trade_id, e.venue_order_id, e.order_id::text, e.child,
       e.account_id::text, e.side, e.quantity, e.price, e.notional, e.commission,
       e.commission_asset, e.fee, e.fee_asset, e.liquidity, e.late, e.from_reservation,
       e.from_available, e.owed, e.journal_entry_id::text, e.transacted_at, e.recorded_at
  FROM unnest(%(venues)s::text[], %(execution_symbols)s::text[], %(trade_ids)s::bigint[],
              %(venue_order_ids)s::bigint[]) AS k (venue, symbol, trade_id, venue_order_id)
 CROSS JOIN LATERAL (
         SELECT e.*
           FROM executions AS e
          WHERE e.venue = k.venue AND e.symbol = k.symbol AND e.trade_id = k.trade_id
            AND e.venue_order_id = k.venue_order_id
          LIMIT 1
       ) AS e

-- trade_cursors
-- A row a symbol: small for ever.
SELECT t.venue, t.symbol, t.trade_id
  FROM trade_cursors AS t
  JOIN unnest(%(cursor_venues)s::text[], %(cursor_symbols)s::text[]) AS k (venue, symbol)
    ON t.venue = k.venue AND t.symbol = k.symbol
 ORDER BY t.venue, t.symbol

-- journal_entries
SELECT j.journal_entry_id::text, j.kind, j.reference, j.recorded_at, p.account, p.asset, p.amount
  FROM journal_entries AS j
 CROSS JOIN LATERAL (
         SELECT p.line, p.account, p.asset, p.amount
           FROM postings AS p
          WHERE p.journal_entry_id = j.journal_entry_id
          ORDER BY p.line
       ) AS p
 WHERE j.journal_entry_id = ANY (%(journal_entries)s::uuid[])
 ORDER BY j.journal_entry_id, p.line

-- reversed_entries
SELECT j.reference
  FROM unnest(%(journal_entries)s::text[]) AS k (reference)
 CROSS JOIN LATERAL (
         SELECT j.reference
           FROM journal_entries AS j
          WHERE j.kind = 'reversal' AND j.reference = k.reference
          LIMIT 1
       ) AS j

-- house_balances
-- The venue's contra is not the house's to give; what a customer owes weakens it.
SELECT k.asset,
       coalesce(sum(s.balance) FILTER (WHERE s.account = 'treasury'), 0),
       coalesce(sum(s.balance) FILTER (WHERE s.account <> 'treasury' AND s.balance < 0), 0)
  FROM unnest(%(funding)s::text[]) AS k (asset)
  LEFT JOIN LATERAL (
         SELECT p.account, sum(p.amount) AS balance
           FROM postings AS p
          WHERE p.asset = k.asset
            AND NOT starts_with(p.account, 'client:')
            AND NOT starts_with(p.account, 'venue:')
          GROUP BY p.account
       ) AS s ON true
 GROUP BY k.asset

-- account_numbers
SELECT nextval('account_numbers') FROM generate_series(1, %(new_accounts)s::integer)

-- idempotency_keys
SELECT i.owner, i.key, i.request_hash, i.command_id::text, i.recorded_at
  FROM unnest(%(owners)s::text[], %(keys)s::text[]) AS k (owner, key)
 CROSS JOIN LATERAL (
         SELECT i.owner, i.key, i.request_hash, i.command_id, i.recorded_at
           FROM idempotency_keys AS i
          WHERE i.owner = k.owner AND i.key = k.key
          LIMIT 1
       ) AS i

-- inbox
SELECT b.consumer, b.event_id::text, b.command_id::text
  FROM unnest(%(consumers)s::text[], %(event_ids)s::uuid[]) AS k (consumer, event_id)
 CROSS JOIN LATERAL (
         SELECT b.consumer, b.event_id, b.command_id
           FROM inbox AS b
          WHERE b.consumer = k.consumer AND b.event_id = k.event_id
          LIMIT 1
       ) AS b

-- commands
-- Those asked for, those that used the keys and those that handled the events asked for.
SELECT c.command_id::text, c.kind, c.outcome, c.recorded_at
  FROM commands AS c
 WHERE c.command_id
       = ANY (%(commands)s::uuid[]
              || ARRAY(SELECT i.command_id
                         FROM unnest(%(owners)s::text[], %(keys)s::text[]) AS k (owner, key)
                        CROSS JOIN LATERAL (
                                SELECT i.command_id
                                  FROM idempotency_keys AS i
                                 WHERE i.owner = k.owner AND i.key = k.key
                                 LIMIT 1
                              ) AS i)
              || ARRAY(SELECT b.command_id
                         FROM unnest(%(consumers)s::text[], %(event_ids)s::uuid[])
                              AS k (consumer, event_id)
                        CROSS JOIN LATERAL (
                                SELECT b.command_id
                                  FROM inbox AS b
                                 WHERE b.consumer = k.consumer AND b.event_id = k.event_id
                                 LIMIT 1
                              ) AS b))

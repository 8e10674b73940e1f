-- Everything that a batch has decided, a statement per table and kind of change, however many rows.
-- A change says its keys twice: a plan made while the table was small would else walk the table.
-- Changed rows are locked since they were loaded; the CHECKs are the second opinion on the domain.
-- Updates and deletes are sent with a count of the rows they met (`save.py`): all, or nothing is kept.

-- insert_assets
INSERT INTO assets (asset, scale)
SELECT * FROM unnest(%(asset)s::text[], %(scale)s::smallint[])

-- update_assets
UPDATE assets AS t
   SET scale = v.scale
  FROM unnest(%(asset)s::text[], %(scale)s::smallint[]) AS v (asset, scale)
 WHERE t.asset = v.asset

-- insert_instruments
INSERT INTO instruments (
  symbol, base_asset, quote_asset, base_scale, quote_scale, state, min_price, max_price, tick_size,
  min_quantity, max_quantity, step_size, market_min_quantity, market_max_quantity,
  market_step_size, min_notional, max_notional, apply_min_to_market, apply_max_to_market,
  bid_multiplier_up, bid_multiplier_down, ask_multiplier_up, ask_multiplier_down, order_types
)
SELECT v.symbol, v.base_asset, v.quote_asset, v.base_scale, v.quote_scale, v.state, v.min_price,
       v.max_price, v.tick_size, v.min_quantity, v.max_quantity, v.step_size,
       v.market_min_quantity, v.market_max_quantity, v.market_step_size, v.min_notional,
       v.max_notional, v.apply_min_to_market, v.apply_max_to_market, v.bid_multiplier_up,
       v.bid_multiplier_down, v.ask_multiplier_up, v.ask_multiplier_down,
       string_to_array(v.order_types, ',')
  FROM unnest(
         %(symbol)s::text[], %(base_asset)s::text[], %(quote_asset)s::text[],
         %(base_scale)s::smallint[], %(quote_scale)s::smallint[], %(state)s::text[],
         %(min_price)s::numeric[], %(max_price)s::numeric[], %(tick_size)s::numeric[],
         %(min_quantity)s::numeric[], %(max_quantity)s::numeric[], %(step_size)s::numeric[],
         %(market_min_quantity)s::numeric[], %(market_max_quantity)s::numeric[],
         %(market_step_size)s::numeric[], %(min_notional)s::numeric[],
         %(max_notional)s::numeric[], %(apply_min_to_market)s::boolean[],
         %(apply_max_to_market)s::boolean[], %(bid_multiplier_up)s::numeric[],
         %(bid_multiplier_down)s::numeric[], %(ask_multiplier_up)s::numeric[],
         %(ask_multiplier_down)s::numeric[], %(order_types)s::text[]
       ) AS v (
         symbol, base_asset, quote_asset, base_scale, quote_scale, state, min_price, max_price,
         tick_size, min_quantity, max_quantity, step_size, market_min_quantity,
         market_max_quantity, market_step_size, min_notional, max_notional, apply_min_to_market,
         apply_max_to_market, bid_multiplier_up, bid_multiplier_down, ask_multiplier_up,
         ask_multiplier_down, order_types
       )

-- update_instruments
UPDATE instruments AS t
   SET base_asset = v.base_asset, quote_asset = v.quote_asset, base_scale = v.base_scale,
       quote_scale = v.quote_scale, state = v.state, min_price = v.min_price,
       max_price = v.max_price, tick_size = v.tick_size, min_quantity = v.min_quantity,
       max_quantity = v.max_quantity, step_size = v.step_size,
       market_min_quantity = v.market_min_quantity, market_max_quantity = v.market_max_quantity,
       market_step_size = v.market_step_size, min_notional = v.min_notional,
       max_notional = v.max_notional, apply_min_to_market = v.apply_min_to_market,
       apply_max_to_market = v.apply_max_to_market, bid_multiplier_up = v.bid_multiplier_up,
       bid_multiplier_down = v.bid_multiplier_down, ask_multiplier_up = v.ask_multiplier_up,
       ask_multiplier_down = v.ask_multiplier_down,
       order_types = string_to_array(v.order_types, ',')
  FROM unnest(
         %(symbol)s::text[], %(base_asset)s::text[], %(quote_asset)s::text[],
         %(base_scale)s::smallint[], %(quote_scale)s::smallint[], %(state)s::text[],
         %(min_price)s::numeric[], %(max_price)s::numeric[], %(tick_size)s::numeric[],
         %(min_quantity)s::numeric[], %(max_quantity)s::numeric[], %(step_size)s::numeric[],
         %(market_min_quantity)s::numeric[], %(market_max_quantity)s::numeric[],
         %(market_step_size)s::numeric[], %(min_notional)s::numeric[],
         %(max_notional)s::numeric[], %(apply_min_to_market)s::boolean[],
         %(apply_max_to_market)s::boolean[], %(bid_multiplier_up)s::numeric[],
         %(bid_multiplier_down)s::numeric[], %(ask_multiplier_up)s::numeric[],
         %(ask_multiplier_down)s::numeric[], %(order_types)s::text[]
       ) AS v (
         symbol, base_asset, quote_asset, base_scale, quote_scale, state, min_price, max_price,
         tick_size, min_quantity, max_quantity, step_size, market_min_quantity,
         market_max_quantity, market_step_size, min_notional, max_notional, apply_min_to_market,
         apply_max_to_market, bid_multiplier_up, bid_multiplier_down, ask_multiplier_up,
         ask_multiplier_down, order_types
       )
 WHERE t.symbol = v.symbol

-- insert_accounts
INSERT INTO accounts (
  account_id, number, name, status, sequence, open_orders, traded_on, traded_notional,
  rate_window, rate_count, created_at
)
SELECT * FROM unnest(
  %(account_id)s::uuid[], %(number)s::bigint[], %(name)s::text[], %(status)s::text[],
  %(sequence)s::bigint[], %(open_orders)s::integer[], %(traded_on)s::date[],
  %(traded_notional)s::numeric[], %(rate_window)s::timestamptz[], %(rate_count)s::integer[],
  %(created_at)s::timestamptz[]
)

-- update_accounts
UPDATE accounts AS t
   SET name = v.name, status = v.status, sequence = v.sequence, open_orders = v.open_orders,
       traded_on = v.traded_on, traded_notional = v.traded_notional,
       rate_window = v.rate_window, rate_count = v.rate_count
  FROM unnest(
         %(account_id)s::uuid[], %(name)s::text[], %(status)s::text[], %(sequence)s::bigint[],
         %(open_orders)s::integer[], %(traded_on)s::date[], %(traded_notional)s::numeric[],
         %(rate_window)s::timestamptz[], %(rate_count)s::integer[]
       ) AS v (
         account_id, name, status, sequence, open_orders, traded_on, traded_notional,
         rate_window, rate_count
       )
 WHERE t.account_id = v.account_id
   AND t.account_id = ANY (%(account_id)s::uuid[])

-- insert_wallets
INSERT INTO wallets (account_id, asset, available, reserved, owed)
SELECT * FROM unnest(
  %(account_id)s::uuid[], %(asset)s::text[], %(available)s::numeric[], %(reserved)s::numeric[],
  %(owed)s::numeric[]
)

-- update_wallets
UPDATE wallets AS t
   SET available = v.available, reserved = v.reserved, owed = v.owed
  FROM unnest(
         %(account_id)s::uuid[], %(asset)s::text[], %(available)s::numeric[],
         %(reserved)s::numeric[], %(owed)s::numeric[]
       ) AS v (account_id, asset, available, reserved, owed)
 WHERE t.account_id = v.account_id AND t.asset = v.asset
   AND t.account_id = ANY (%(account_id)s::uuid[])

-- insert_positions
INSERT INTO positions (account_id, asset, quantity, cost, realised_profit)
SELECT * FROM unnest(
  %(account_id)s::uuid[], %(asset)s::text[], %(quantity)s::numeric[], %(cost)s::numeric[],
  %(realised_profit)s::numeric[]
)

-- update_positions
UPDATE positions AS t
   SET quantity = v.quantity, cost = v.cost, realised_profit = v.realised_profit
  FROM unnest(
         %(account_id)s::uuid[], %(asset)s::text[], %(quantity)s::numeric[], %(cost)s::numeric[],
         %(realised_profit)s::numeric[]
       ) AS v (account_id, asset, quantity, cost, realised_profit)
 WHERE t.account_id = v.account_id AND t.asset = v.asset
   AND t.account_id = ANY (%(account_id)s::uuid[])

-- insert_orders
INSERT INTO orders (
  order_id, account_id, account_number, symbol, base_asset, quote_asset, side, type,
  time_in_force, quantity, quote_quantity, price, stop_price, client_order_id, status,
  filled_quantity, filled_notional, version, children, reason, late_fill, replace_quantity,
  replace_price, created_at, updated_at
)
SELECT * FROM unnest(
  %(order_id)s::uuid[], %(account_id)s::uuid[], %(account_number)s::bigint[], %(symbol)s::text[],
  %(base_asset)s::text[], %(quote_asset)s::text[], %(side)s::text[], %(type)s::text[],
  %(time_in_force)s::text[], %(quantity)s::numeric[], %(quote_quantity)s::numeric[],
  %(price)s::numeric[], %(stop_price)s::numeric[], %(client_order_id)s::text[],
  %(status)s::text[], %(filled_quantity)s::numeric[], %(filled_notional)s::numeric[],
  %(version)s::integer[], %(children)s::integer[], %(reason)s::text[], %(late_fill)s::boolean[],
  %(replace_quantity)s::numeric[], %(replace_price)s::numeric[], %(created_at)s::timestamptz[], %(updated_at)s::timestamptz[]
)

-- update_orders
-- What was asked changes too: a replacement asks for another price or size.
UPDATE orders AS t
   SET quantity = v.quantity, quote_quantity = v.quote_quantity, price = v.price,
       stop_price = v.stop_price, status = v.status, filled_quantity = v.filled_quantity,
       filled_notional = v.filled_notional, version = v.version, children = v.children,
       reason = v.reason, late_fill = v.late_fill, replace_quantity = v.replace_quantity,
       replace_price = v.replace_price, updated_at = v.updated_at
  FROM unnest(
         %(order_id)s::uuid[], %(quantity)s::numeric[], %(quote_quantity)s::numeric[],
         %(price)s::numeric[], %(stop_price)s::numeric[], %(status)s::text[],
         %(filled_quantity)s::numeric[], %(filled_notional)s::numeric[], %(version)s::integer[],
         %(children)s::integer[], %(reason)s::text[], %(late_fill)s::boolean[],
         %(replace_quantity)s::numeric[], %(replace_price)s::numeric[], %(updated_at)s::timestamptz[]
       ) AS v (
         order_id, quantity, quote_quantity, price, stop_price, status, filled_quantity,
         filled_notional, version, children, reason, late_fill, replace_quantity, replace_price,
         updated_at
       )
 WHERE t.order_id = v.order_id
   AND t.order_id = ANY (%(order_id)s::uuid[])

-- insert_venue_orders
INSERT INTO venue_orders (
  order_id, child, account_id, venue_client_order_id, symbol, side, type, time_in_force, quantity,
  quote_quantity, price, attempted_at, receive_window, status, venue_order_id, outcome,
  outcome_reason, outcome_quantity, filled_quantity
)
SELECT * FROM unnest(
  %(order_id)s::uuid[], %(child)s::integer[], %(account_id)s::uuid[],
  %(venue_client_order_id)s::text[], %(symbol)s::text[], %(side)s::text[], %(type)s::text[],
  %(time_in_force)s::text[], %(quantity)s::numeric[], %(quote_quantity)s::numeric[],
  %(price)s::numeric[], %(attempted_at)s::timestamptz[], %(receive_window)s::interval[],
  %(status)s::text[], %(venue_order_id)s::bigint[], %(outcome)s::text[],
  %(outcome_reason)s::text[], %(outcome_quantity)s::numeric[], %(filled_quantity)s::numeric[]
)

-- update_venue_orders
-- A renewed attempt is signed anew: when, and for how long it is good, change with it.
UPDATE venue_orders AS t
   SET attempted_at = v.attempted_at, receive_window = v.receive_window, status = v.status,
       venue_order_id = v.venue_order_id, outcome = v.outcome,
       outcome_reason = v.outcome_reason, outcome_quantity = v.outcome_quantity,
       filled_quantity = v.filled_quantity
  FROM unnest(
         %(order_id)s::uuid[], %(child)s::integer[], %(attempted_at)s::timestamptz[],
         %(receive_window)s::interval[], %(status)s::text[], %(venue_order_id)s::bigint[],
         %(outcome)s::text[], %(outcome_reason)s::text[], %(outcome_quantity)s::numeric[],
         %(filled_quantity)s::numeric[]
       ) AS v (
         order_id, child, attempted_at, receive_window, status, venue_order_id, outcome,
         outcome_reason, outcome_quantity, filled_quantity
       )
 WHERE t.order_id = v.order_id AND t.child = v.child
   AND t.order_id = ANY (%(order_id)s::uuid[])

-- insert_reservations
INSERT INTO reservations (order_id, account_id, asset, amount, consumed, released)
SELECT * FROM unnest(
  %(order_id)s::uuid[], %(account_id)s::uuid[], %(asset)s::text[], %(amount)s::numeric[],
  %(consumed)s::numeric[], %(released)s::numeric[]
)

-- update_reservations
UPDATE reservations AS t
   SET amount = v.amount, consumed = v.consumed, released = v.released
  FROM unnest(
         %(order_id)s::uuid[], %(amount)s::numeric[], %(consumed)s::numeric[],
         %(released)s::numeric[]
       ) AS v (order_id, amount, consumed, released)
 WHERE t.order_id = v.order_id
   AND t.order_id = ANY (%(order_id)s::uuid[])

-- insert_order_events
INSERT INTO order_events (
  order_id, version, trigger, status, filled_quantity, detail, recorded_at
)
SELECT * FROM unnest(
  %(order_id)s::uuid[], %(version)s::integer[], %(trigger)s::text[], %(status)s::text[],
  %(filled_quantity)s::numeric[], %(detail)s::text[], %(recorded_at)s::timestamptz[]
)

-- insert_executions
INSERT INTO executions (
  venue, symbol, trade_id, venue_order_id, order_id, child, account_id, side, quantity, price,
  notional, commission, commission_asset, fee, fee_asset, liquidity, late, from_reservation,
  from_available, owed, journal_entry_id, transacted_at, recorded_at
)
SELECT * FROM unnest(
  %(venue)s::text[], %(symbol)s::text[], %(trade_id)s::bigint[], %(venue_order_id)s::bigint[],
  %(order_id)s::uuid[], %(child)s::integer[], %(account_id)s::uuid[], %(side)s::text[],
  %(quantity)s::numeric[], %(price)s::numeric[], %(notional)s::numeric[],
  %(commission)s::numeric[], %(commission_asset)s::text[], %(fee)s::numeric[],
  %(fee_asset)s::text[], %(liquidity)s::text[], %(late)s::boolean[],
  %(from_reservation)s::numeric[], %(from_available)s::numeric[], %(owed)s::numeric[],
  %(journal_entry_id)s::uuid[], %(transacted_at)s::timestamptz[], %(recorded_at)s::timestamptz[]
)

-- insert_journal_entries
INSERT INTO journal_entries (journal_entry_id, kind, reference, recorded_at)
SELECT * FROM unnest(
  %(journal_entry_id)s::uuid[], %(kind)s::text[], %(reference)s::text[],
  %(recorded_at)s::timestamptz[]
)

-- insert_postings
INSERT INTO postings (journal_entry_id, line, account, asset, amount, recorded_at)
SELECT * FROM unnest(
  %(journal_entry_id)s::uuid[], %(line)s::smallint[], %(account)s::text[], %(asset)s::text[],
  %(amount)s::numeric[], %(recorded_at)s::timestamptz[]
)

-- insert_limits
INSERT INTO limits (
  account_id, max_order_notional, max_open_orders, max_daily_notional, max_orders_per_second,
  price_band, allowed_symbols, duplicate_window
)
SELECT v.account_id, v.max_order_notional, v.max_open_orders, v.max_daily_notional,
       v.max_orders_per_second, v.price_band, string_to_array(v.allowed_symbols, ','),
       v.duplicate_window
  FROM unnest(
         %(account_id)s::uuid[], %(max_order_notional)s::numeric[],
         %(max_open_orders)s::integer[], %(max_daily_notional)s::numeric[],
         %(max_orders_per_second)s::integer[], %(price_band)s::numeric[],
         %(allowed_symbols)s::text[], %(duplicate_window)s::interval[]
       ) AS v (
         account_id, max_order_notional, max_open_orders, max_daily_notional,
         max_orders_per_second, price_band, allowed_symbols, duplicate_window
       )

-- update_limits
UPDATE limits AS t
   SET max_order_notional = v.max_order_notional, max_open_orders = v.max_open_orders,
       max_daily_notional = v.max_daily_notional,
       max_orders_per_second = v.max_orders_per_second, price_band = v.price_band,
       allowed_symbols = string_to_array(v.allowed_symbols, ','),
       duplicate_window = v.duplicate_window
  FROM unnest(
         %(account_id)s::uuid[], %(max_order_notional)s::numeric[],
         %(max_open_orders)s::integer[], %(max_daily_notional)s::numeric[],
         %(max_orders_per_second)s::integer[], %(price_band)s::numeric[],
         %(allowed_symbols)s::text[], %(duplicate_window)s::interval[]
       ) AS v (
         account_id, max_order_notional, max_open_orders, max_daily_notional,
         max_orders_per_second, price_band, allowed_symbols, duplicate_window
       )
 WHERE t.account_id = v.account_id
   AND t.account_id = ANY (%(account_id)s::uuid[])

-- delete_limits
DELETE FROM limits WHERE account_id = ANY (%(account_id)s::uuid[])

-- insert_fees
INSERT INTO fee_policies (account_id, maker, taker)
SELECT * FROM unnest(%(account_id)s::uuid[], %(maker)s::numeric[], %(taker)s::numeric[])

-- update_fees
UPDATE fee_policies AS t
   SET maker = v.maker, taker = v.taker
  FROM unnest(%(account_id)s::uuid[], %(maker)s::numeric[], %(taker)s::numeric[])
       AS v (account_id, maker, taker)
 WHERE t.account_id = v.account_id
   AND t.account_id = ANY (%(account_id)s::uuid[])

-- delete_fees
DELETE FROM fee_policies WHERE account_id = ANY (%(account_id)s::uuid[])

-- insert_freezes
INSERT INTO freezes (scope, target, mode, reason, frozen_by, frozen_at)
SELECT * FROM unnest(
  %(scope)s::text[], %(target)s::text[], %(mode)s::text[], %(reason)s::text[],
  %(frozen_by)s::text[], %(frozen_at)s::timestamptz[]
)

-- update_freezes
UPDATE freezes AS t
   SET mode = v.mode, reason = v.reason, frozen_by = v.frozen_by, frozen_at = v.frozen_at
  FROM unnest(
         %(scope)s::text[], %(target)s::text[], %(mode)s::text[], %(reason)s::text[],
         %(frozen_by)s::text[], %(frozen_at)s::timestamptz[]
       ) AS v (scope, target, mode, reason, frozen_by, frozen_at)
 WHERE t.scope = v.scope AND t.target = v.target

-- delete_freezes
DELETE FROM freezes AS t
 USING unnest(%(scope)s::text[], %(target)s::text[]) AS v (scope, target)
 WHERE t.scope = v.scope AND t.target = v.target

-- insert_commands
INSERT INTO commands (command_id, kind, outcome, recorded_at)
SELECT * FROM unnest(
  %(command_id)s::uuid[], %(kind)s::text[], %(outcome)s::bytea[], %(recorded_at)s::timestamptz[]
)

-- insert_idempotency_keys
INSERT INTO idempotency_keys (owner, key, request_hash, command_id, recorded_at)
SELECT * FROM unnest(
  %(owner)s::text[], %(key)s::text[], %(request_hash)s::bytea[], %(command_id)s::uuid[],
  %(recorded_at)s::timestamptz[]
)

-- insert_inbox
INSERT INTO inbox (consumer, event_id, command_id)
SELECT * FROM unnest(%(consumer)s::text[], %(event_id)s::uuid[], %(command_id)s::uuid[])

-- insert_trade_cursors
INSERT INTO trade_cursors (venue, symbol, trade_id)
SELECT * FROM unnest(%(venue)s::text[], %(symbol)s::text[], %(trade_id)s::bigint[])

-- update_trade_cursors
UPDATE trade_cursors AS t
   SET trade_id = v.trade_id
  FROM unnest(%(venue)s::text[], %(symbol)s::text[], %(trade_id)s::bigint[])
       AS v (venue, symbol, trade_id)
 WHERE t.venue = v.venue AND t.symbol = v.symbol
   AND t.venue = ANY (%(venue)s::text[])

-- insert_outbox
-- Within one transaction the ids follow the rows' order, as an account's sequence does.
INSERT INTO outbox (event_id, topic, account_id, sequence, body, recorded_at)
SELECT v.event_id, v.topic, v.account_id, v.sequence, v.body, v.recorded_at
  FROM unnest(
         %(event_id)s::uuid[], %(topic)s::text[], %(account_id)s::uuid[], %(sequence)s::bigint[],
         %(body)s::bytea[], %(recorded_at)s::timestamptz[]
       ) AS v (event_id, topic, account_id, sequence, body, recorded_at)

-- insert_audit_log
INSERT INTO audit_log (
  audit_id, command_id, actor, action, subject, account_id, reason, before, after,
  correlation_id, recorded_at
)
SELECT * FROM unnest(
  %(audit_id)s::uuid[], %(command_id)s::uuid[], %(actor)s::text[], %(action)s::text[],
  %(subject)s::text[], %(account_id)s::uuid[], %(reason)s::text[], %(before)s::bytea[],
  %(after)s::bytea[], %(correlation_id)s::text[], %(recorded_at)s::timestamptz[]
)

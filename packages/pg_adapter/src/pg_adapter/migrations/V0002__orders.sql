-- What customers asked for, what stands at the venue for it, and what it set aside.
--
-- No foreign keys here: their checks cost as much as the rows, every writer holds the account's row,
-- and `verify` proves the same.
CREATE TABLE orders (
  order_id        uuid        PRIMARY KEY,
  account_id      uuid        NOT NULL
    CONSTRAINT orders_house_has_none CHECK (account_id <> '00000000-0000-7000-8000-000000000000'),
  account_number  bigint      NOT NULL,
  symbol          text        NOT NULL,
  base_asset      text        NOT NULL,
  quote_asset     text        NOT NULL,
  side            text        NOT NULL CHECK (side IN ('BUY', 'SELL')),
  type            text        NOT NULL CHECK (
    type IN ('LIMIT', 'MARKET', 'LIMIT_MAKER', 'STOP_LOSS_LIMIT', 'TAKE_PROFIT_LIMIT')
  ),
  time_in_force   text        NOT NULL CHECK (time_in_force IN ('GTC', 'IOC', 'FOK')),
  quantity        amount      CHECK (quantity > 0),
  quote_quantity  amount      CHECK (quote_quantity > 0),
  price           amount      CHECK (price > 0),
  stop_price      amount      CHECK (stop_price > 0),
  client_order_id text        NOT NULL,
  status          text        NOT NULL CHECK (
    status IN ('PENDING_NEW', 'NEW', 'PARTIALLY_FILLED', 'FILLED', 'PENDING_CANCEL',
               'PENDING_REPLACE', 'CANCELED', 'REJECTED', 'EXPIRED')
  ),
  filled_quantity amount      NOT NULL CHECK (filled_quantity >= 0),
  filled_notional amount      NOT NULL CHECK (filled_notional >= 0),
  version         integer     NOT NULL CHECK (version >= 1),
  children        integer     NOT NULL CHECK (children >= 0),
  reason          text,
  late_fill       boolean     NOT NULL,
  created_at      timestamptz NOT NULL,
  updated_at      timestamptz NOT NULL,
  -- For ever: a key of the idempotency table may be dropped one day, this name never.
  CONSTRAINT orders_client_order_id_once UNIQUE (account_id, client_order_id),
  CONSTRAINT orders_one_size CHECK (num_nonnulls(quantity, quote_quantity) = 1)
) WITH (fillfactor = 85);

CREATE INDEX orders_by_account ON orders (account_id, created_at, order_id);
CREATE INDEX orders_open ON orders (account_id, created_at, order_id)
  WHERE status NOT IN ('FILLED', 'CANCELED', 'REJECTED', 'EXPIRED');

CREATE TABLE venue_orders (
  order_id              uuid        NOT NULL,
  child                 integer     NOT NULL CHECK (child BETWEEN 1 AND 999),
  account_id            uuid        NOT NULL,
  venue_client_order_id text        NOT NULL
    CONSTRAINT venue_orders_client_order_id_once UNIQUE
    CHECK (length(venue_client_order_id) <= 36),
  symbol                text        NOT NULL,
  side                  text        NOT NULL CHECK (side IN ('BUY', 'SELL')),
  type                  text        NOT NULL CHECK (
    type IN ('LIMIT', 'MARKET', 'LIMIT_MAKER', 'STOP_LOSS_LIMIT', 'TAKE_PROFIT_LIMIT')
  ),
  time_in_force         text        CHECK (time_in_force IN ('GTC', 'IOC', 'FOK')),
  quantity              amount      CHECK (quantity > 0),
  quote_quantity        amount      CHECK (quote_quantity > 0),
  price                 amount      CHECK (price > 0),
  attempted_at          timestamptz NOT NULL,
  receive_window        interval    NOT NULL,
  status                text        NOT NULL CHECK (status IN ('ATTEMPTED', 'LIVE', 'ENDED')),
  venue_order_id        bigint,
  outcome               text        CHECK (
    outcome IN ('FILLED', 'CANCELED', 'REJECTED', 'EXPIRED', 'EXPIRED_IN_MATCH')
  ),
  outcome_reason        text,
  outcome_quantity      amount      CHECK (outcome_quantity >= 0),
  filled_quantity       amount      NOT NULL CHECK (filled_quantity >= 0),
  PRIMARY KEY (order_id, child)
) WITH (fillfactor = 85);

-- L8, second opinion: at most one child of an order is alive.
CREATE UNIQUE INDEX venue_orders_one_alive ON venue_orders (order_id) WHERE status <> 'ENDED';

CREATE TABLE reservations (
  order_id   uuid   PRIMARY KEY,
  account_id uuid   NOT NULL,
  asset      text   NOT NULL,
  amount     amount NOT NULL CHECK (amount >= 0),
  consumed   amount NOT NULL CHECK (consumed >= 0),
  released   amount NOT NULL CHECK (released >= 0),
  CONSTRAINT reservations_not_overdrawn CHECK (consumed + released <= amount)
) WITH (fillfactor = 85);

-- L4 sums what is still set aside; closed rows do not count.
CREATE INDEX reservations_open ON reservations (account_id, asset)
  WHERE consumed + released < amount;

CREATE TABLE order_events (
  order_id        uuid        NOT NULL,
  version         integer     NOT NULL CHECK (version >= 1),
  trigger         text        NOT NULL,
  status          text        NOT NULL,
  filled_quantity amount      NOT NULL,
  detail          text,
  recorded_at     timestamptz NOT NULL,
  CONSTRAINT order_events_version_once PRIMARY KEY (order_id, version)
);

CREATE TABLE executions (
  venue            text        NOT NULL,
  symbol           text        NOT NULL,
  trade_id         bigint      NOT NULL,
  venue_order_id   bigint      NOT NULL,
  order_id         uuid,
  child            integer     NOT NULL,
  account_id       uuid        NOT NULL,
  side             text        NOT NULL CHECK (side IN ('BUY', 'SELL')),
  quantity         amount      NOT NULL CHECK (quantity > 0),
  price            amount      NOT NULL CHECK (price > 0),
  notional         amount      NOT NULL CHECK (notional >= 0),
  commission       amount      NOT NULL CHECK (commission >= 0),
  commission_asset text        NOT NULL,
  fee              amount      NOT NULL CHECK (fee >= 0),
  fee_asset        text        NOT NULL,
  liquidity        text        NOT NULL CHECK (liquidity IN ('MAKER', 'TAKER')),
  late             boolean     NOT NULL,
  from_reservation amount      NOT NULL CHECK (from_reservation >= 0),
  from_available   amount      NOT NULL CHECK (from_available >= 0),
  owed             amount      NOT NULL CHECK (owed >= 0),
  journal_entry_id uuid        NOT NULL,
  transacted_at    timestamptz NOT NULL,
  recorded_at      timestamptz NOT NULL,
  -- A fill of an order that is not ours is the house's, and in suspense.
  CONSTRAINT executions_of_an_order CHECK (
    (order_id IS NULL) = (account_id = '00000000-0000-7000-8000-000000000000')
  ),
  -- Two of our customers who meet share the trade id, not the order id.
  CONSTRAINT executions_once PRIMARY KEY (venue, symbol, trade_id, venue_order_id)
);

CREATE INDEX executions_by_order ON executions (order_id);
CREATE INDEX executions_by_account ON executions (account_id, recorded_at, journal_entry_id);

GRANT SELECT, INSERT, UPDATE ON orders, venue_orders, reservations TO tradecore_app;
-- History: the program that writes it cannot change it.
GRANT SELECT, INSERT ON order_events, executions TO tradecore_app;

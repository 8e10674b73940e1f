-- Whose money it is, what may be traded, and who may do what.
--
-- Amounts are exact: bare numeric, never numeric(p, s), which would round in silence. NaN sorts above
-- Infinity, so two comparisons keep all three out; scale() of them is NULL and would pass a CHECK.
CREATE DOMAIN amount AS numeric
  CONSTRAINT amount_exact CHECK (VALUE > '-Infinity' AND VALUE < 'Infinity' AND scale(VALUE) <= 18);

-- The product of two amounts.
CREATE DOMAIN product AS numeric
  CONSTRAINT product_exact CHECK (VALUE > '-Infinity' AND VALUE < 'Infinity' AND scale(VALUE) <= 36);

CREATE TABLE assets (
  asset text     PRIMARY KEY CHECK (asset ~ '^[A-Z0-9]{1,20}$'),
  scale smallint NOT NULL    CHECK (scale BETWEEN 0 AND 18)
);

CREATE TABLE instruments (
  symbol               text     PRIMARY KEY,
  base_asset           text     NOT NULL REFERENCES assets,
  quote_asset          text     NOT NULL REFERENCES assets,
  base_scale           smallint NOT NULL CHECK (base_scale BETWEEN 0 AND 18),
  quote_scale          smallint NOT NULL CHECK (quote_scale BETWEEN 0 AND 18),
  state                text     NOT NULL CHECK (state IN ('TRADING', 'HALT', 'CANCEL_ONLY')),
  min_price            amount   NOT NULL,
  max_price            amount   NOT NULL,
  tick_size            amount   NOT NULL,
  min_quantity         amount   NOT NULL,
  max_quantity         amount   NOT NULL,
  step_size            amount   NOT NULL,
  market_min_quantity  amount   NOT NULL,
  market_max_quantity  amount   NOT NULL,
  market_step_size     amount   NOT NULL,
  min_notional         amount   NOT NULL,
  max_notional         amount   NOT NULL,
  apply_min_to_market  boolean  NOT NULL,
  apply_max_to_market  boolean  NOT NULL,
  bid_multiplier_up    amount,
  bid_multiplier_down  amount,
  ask_multiplier_up    amount,
  ask_multiplier_down  amount,
  order_types          text[]   NOT NULL,
  CONSTRAINT instruments_percent_price_whole CHECK (
    num_nulls(bid_multiplier_up, bid_multiplier_down, ask_multiplier_up, ask_multiplier_down)
    IN (0, 4)
  )
);

-- The row is locked first by every command that touches the account, and carries its event counter.
CREATE TABLE accounts (
  account_id      uuid        PRIMARY KEY,
  number          bigint      NOT NULL UNIQUE CHECK (number BETWEEN 0 AND 1073741823),
  name            text        NOT NULL,
  status          text        NOT NULL CHECK (status IN ('ACTIVE', 'CLOSED')),
  sequence        bigint      NOT NULL CHECK (sequence >= 0),
  open_orders     integer     NOT NULL CHECK (open_orders >= 0),
  traded_on       date,
  traded_notional product     NOT NULL CHECK (traded_notional >= 0),
  rate_window     timestamptz,
  rate_count      integer     NOT NULL CHECK (rate_count >= 0),
  created_at      timestamptz NOT NULL,
  CONSTRAINT accounts_house_number CHECK (
    (number = 0) = (account_id = '00000000-0000-7000-8000-000000000000')
  )
) WITH (fillfactor = 70);

CREATE INDEX accounts_by_creation ON accounts (created_at, account_id);

-- Short numbers go into client order ids at the venue; 0 is the house's.
CREATE SEQUENCE account_numbers AS bigint MINVALUE 1 MAXVALUE 1073741823;

INSERT INTO accounts (account_id, number, name, status, sequence, open_orders, traded_notional,
                      rate_count, created_at)
VALUES ('00000000-0000-7000-8000-000000000000', 0, 'house', 'ACTIVE', 0, 0, 0, 0, now());

CREATE TABLE wallets (
  account_id uuid   NOT NULL REFERENCES accounts,
  asset      text   NOT NULL REFERENCES assets,
  available  amount NOT NULL CONSTRAINT wallets_available_positive CHECK (available >= 0),
  reserved   amount NOT NULL CONSTRAINT wallets_reserved_positive CHECK (reserved >= 0),
  owed       amount NOT NULL CONSTRAINT wallets_owed_positive CHECK (owed >= 0),
  PRIMARY KEY (account_id, asset),
  CONSTRAINT wallets_debt_is_repaid_first CHECK (owed = 0 OR available = 0),
  CONSTRAINT wallets_house_has_none CHECK (account_id <> '00000000-0000-7000-8000-000000000000')
) WITH (fillfactor = 70);

CREATE TABLE positions (
  account_id      uuid   NOT NULL REFERENCES accounts,
  asset           text   NOT NULL REFERENCES assets,
  quantity        amount NOT NULL CONSTRAINT positions_quantity_positive CHECK (quantity >= 0),
  cost            amount NOT NULL,
  realised_profit amount NOT NULL,
  PRIMARY KEY (account_id, asset)
) WITH (fillfactor = 70);

-- A row of the house's id is the default of every account without its own.
CREATE TABLE limits (
  account_id            uuid PRIMARY KEY REFERENCES accounts,
  max_order_notional    amount   CHECK (max_order_notional >= 0),
  max_open_orders       integer  CHECK (max_open_orders >= 0),
  max_daily_notional    amount   CHECK (max_daily_notional >= 0),
  max_orders_per_second integer  CHECK (max_orders_per_second >= 0),
  price_band            amount   CHECK (price_band >= 0),
  allowed_symbols       text[],
  duplicate_window      interval CHECK (duplicate_window >= interval '0')
);

INSERT INTO limits (account_id, price_band)
VALUES ('00000000-0000-7000-8000-000000000000', 0.10);

CREATE TABLE fee_policies (
  account_id uuid   PRIMARY KEY REFERENCES accounts,
  maker      amount NOT NULL CHECK (maker BETWEEN 0 AND 1),
  taker      amount NOT NULL CHECK (taker BETWEEN 0 AND 1)
);

INSERT INTO fee_policies (account_id, maker, taker)
VALUES ('00000000-0000-7000-8000-000000000000', 0, 0);

CREATE TABLE freezes (
  scope     text        NOT NULL CHECK (scope IN ('PLATFORM', 'SYMBOL', 'ACCOUNT')),
  target    text        NOT NULL,
  mode      text        NOT NULL CHECK (mode IN ('HALT', 'REDUCE_ONLY')),
  reason    text        NOT NULL,
  frozen_by text        NOT NULL,
  frozen_at timestamptz NOT NULL,
  PRIMARY KEY (scope, target),
  CONSTRAINT freezes_target CHECK ((scope = 'PLATFORM') = (target = ''))
);

-- One row per thing that is held as a whole: whoever must not run beside a change of the freezes
-- holds 'stops' FOR SHARE, whoever changes them for update. An absent freeze cannot be locked.
CREATE TABLE controls (
  control text PRIMARY KEY
);

INSERT INTO controls (control) VALUES ('stops');

GRANT SELECT, INSERT, UPDATE ON assets, instruments, accounts, wallets, positions TO tradecore_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON limits, fee_policies, freezes TO tradecore_app;
-- UPDATE is what FOR SHARE and FOR UPDATE ask for.
GRANT SELECT, UPDATE ON controls TO tradecore_app;
GRANT USAGE ON SEQUENCE account_numbers TO tradecore_app;

-- What was done by whose wish, and what is told of it.

CREATE TABLE commands (
  command_id  uuid        PRIMARY KEY,
  kind        text        NOT NULL,
  outcome     bytea       NOT NULL,
  recorded_at timestamptz NOT NULL
);

CREATE TABLE idempotency_keys (
  owner        text        NOT NULL,
  key          text        NOT NULL,
  request_hash bytea       NOT NULL,
  command_id   uuid        NOT NULL,
  recorded_at  timestamptz NOT NULL,
  CONSTRAINT idempotency_keys_once PRIMARY KEY (owner, key)
);

CREATE TABLE inbox (
  consumer   text NOT NULL,
  event_id   uuid NOT NULL,
  command_id uuid NOT NULL,
  CONSTRAINT inbox_once PRIMARY KEY (consumer, event_id)
);

-- The log of the platform. (account_id, sequence) names an event; a further unique index on its id
-- would cost every writer and guard nothing.
CREATE TABLE outbox (
  xid         xid8        NOT NULL DEFAULT pg_current_xact_id(),
  id          bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
  event_id    uuid        NOT NULL,
  topic       text        NOT NULL,
  account_id  uuid        NOT NULL,
  sequence    bigint      NOT NULL CHECK (sequence >= 1),
  body        bytea       NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (xid, id),
  CONSTRAINT outbox_sequence_once UNIQUE (account_id, sequence)
);

-- How far a reader has come: everything up to (xid, id) has been handled.
CREATE TABLE consumer_cursors (
  consumer   text        PRIMARY KEY,
  xid        xid8        NOT NULL,
  id         bigint      NOT NULL,
  updated_at timestamptz NOT NULL
);

-- Events that a consumer could not handle, until a person retries or discards them.
CREATE TABLE dead_letters (
  consumer    text        NOT NULL,
  event_id    uuid        NOT NULL,
  topic       text        NOT NULL,
  account_id  uuid        NOT NULL,
  sequence    bigint      NOT NULL,
  body        bytea       NOT NULL,
  error       text        NOT NULL,
  attempts    integer     NOT NULL CHECK (attempts >= 1),
  state       text        NOT NULL CHECK (state IN ('PARKED', 'RETRIED', 'DISCARDED')),
  parked_at   timestamptz NOT NULL,
  resolved_at timestamptz,
  resolved_by text,
  PRIMARY KEY (consumer, event_id),
  CONSTRAINT dead_letters_resolved CHECK (
    (state = 'PARKED') = (resolved_at IS NULL) AND (resolved_at IS NULL) = (resolved_by IS NULL)
  )
);

CREATE INDEX dead_letters_parked ON dead_letters (consumer, account_id, sequence)
  WHERE state = 'PARKED';

CREATE TABLE audit_log (
  audit_id       uuid        PRIMARY KEY,
  command_id     uuid        NOT NULL,
  actor          text        NOT NULL,
  action         text        NOT NULL,
  subject        text        NOT NULL,
  account_id     uuid,
  reason         text,
  before         bytea,
  after          bytea,
  correlation_id text        NOT NULL,
  recorded_at    timestamptz NOT NULL
);

CREATE INDEX audit_log_by_time ON audit_log (recorded_at, audit_id);

GRANT SELECT, INSERT ON commands, idempotency_keys, inbox, outbox, audit_log TO tradecore_app;
GRANT SELECT, INSERT, UPDATE ON consumer_cursors, dead_letters TO tradecore_app;

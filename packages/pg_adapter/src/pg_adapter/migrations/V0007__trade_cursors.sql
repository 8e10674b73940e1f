-- How far a symbol's fills at the venue are known: every one up to trade_id is posted.
CREATE TABLE trade_cursors (
  venue    text   NOT NULL,
  symbol   text   NOT NULL,
  trade_id bigint NOT NULL,
  PRIMARY KEY (venue, symbol)
);

GRANT SELECT, INSERT, UPDATE ON trade_cursors TO tradecore_app;

-- A fill in the venue's history names its order by the venue's id alone.
CREATE INDEX venue_orders_by_venue_id ON venue_orders (symbol, venue_order_id)
  WHERE venue_order_id IS NOT NULL;

-- What an open order is to become, while the child that stands at the venue is not proved dead.
ALTER TABLE orders
  ADD COLUMN replace_quantity amount CHECK (replace_quantity > 0),
  ADD COLUMN replace_price amount CHECK (replace_price > 0),
  ADD CONSTRAINT orders_whole_replacement
    CHECK ((replace_quantity IS NULL) = (replace_price IS NULL)) NOT VALID;
ALTER TABLE orders VALIDATE CONSTRAINT orders_whole_replacement;

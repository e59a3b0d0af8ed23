-- Which orders a shop's own id leads to. Two shops of a vendor may use the same id; the order's source tells them apart.
CREATE TABLE order_sources (
  vendor    INTEGER NOT NULL REFERENCES vendors (ref),
  channel   TEXT NOT NULL,
  source_id TEXT NOT NULL,          -- the shop's id of the order
  order_id  INTEGER NOT NULL REFERENCES orders (id),
  PRIMARY KEY (vendor, source_id, channel, order_id)
) STRICT, WITHOUT ROWID;

INSERT INTO order_sources (vendor, channel, source_id, order_id)
SELECT o.vendor, c.body ->> '$.source.channel', c.body ->> '$.source.order_id', o.id
FROM orders o JOIN contents c ON c.order_id = o.id AND c.revision = o.revision
WHERE c.body ->> '$.source.order_id' IS NOT NULL;

-- Contents that a later revision took the place of, in the log's order: they are removed when no
-- event that can be replayed needs them any more.
CREATE TABLE superseded (
  seq      INTEGER PRIMARY KEY,     -- the event that brought the revision after it
  order_id INTEGER NOT NULL REFERENCES orders (id),
  revision INTEGER NOT NULL
) STRICT;

INSERT INTO superseded (seq, order_id, revision)
SELECT e.seq, e.order_id, e.revision - 1
FROM events e JOIN events b ON b.seq = e.order_before
WHERE e.revision > b.revision;

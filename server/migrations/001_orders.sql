-- Orders, their contents, events and history. Times are microseconds since
-- 1970, UTC, where SQLite compares them, else RFC 3339 inside JSON.

CREATE TABLE vendors (
  ref        INTEGER PRIMARY KEY,
  id         TEXT NOT NULL UNIQUE,
  name       TEXT NOT NULL,
  birth_mark TEXT NOT NULL          -- the mark of offset 0
) STRICT;

-- What every step changes. Small, because every commit writes one of these rows.
CREATE TABLE orders (
  id        INTEGER PRIMARY KEY,
  vendor    INTEGER NOT NULL REFERENCES vendors (ref),
  number    TEXT NOT NULL,
  placed_at INTEGER NOT NULL,
  status    TEXT NOT NULL,
  revision  INTEGER NOT NULL,       -- which of its contents is the newest
  state     TEXT NOT NULL           -- OrderState, JSON
) STRICT;

-- By number first: support looks for a number without knowing the vendor.
CREATE UNIQUE INDEX orders_number ON orders (number, vendor);
CREATE INDEX orders_newest ON orders (vendor, placed_at, id);
CREATE INDEX orders_status ON orders (vendor, status, placed_at, id);
CREATE INDEX orders_all ON orders (placed_at, id);

-- What was bought. Every revision is kept, so that an event can be replayed
-- with the order as it was.
CREATE TABLE contents (
  order_id INTEGER NOT NULL REFERENCES orders (id),
  revision INTEGER NOT NULL,
  body     TEXT NOT NULL,           -- OrderContent, JSON
  PRIMARY KEY (order_id, revision)
) STRICT, WITHOUT ROWID;

-- A vendor's newest event is its position.
CREATE TABLE events (
  vendor   INTEGER NOT NULL REFERENCES vendors (ref),
  "offset" INTEGER NOT NULL,        -- from 1, without a gap
  mark     TEXT NOT NULL,
  order_id INTEGER NOT NULL REFERENCES orders (id),
  revision INTEGER NOT NULL,        -- which content the order had
  state    TEXT NOT NULL,           -- OrderState, JSON
  fact     TEXT NOT NULL,           -- kind, time, actor, previous status; JSON
  PRIMARY KEY (vendor, "offset")
) STRICT, WITHOUT ROWID;

CREATE TABLE history (
  order_id INTEGER NOT NULL REFERENCES orders (id),
  version  INTEGER NOT NULL,
  body     TEXT NOT NULL,           -- HistoryEntry, JSON
  PRIMARY KEY (order_id, version)
) STRICT, WITHOUT ROWID;

-- One row that readiness writes, to prove that the store can be written.
CREATE TABLE probe (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  n  INTEGER NOT NULL
) STRICT;
INSERT INTO probe (id, n) VALUES (1, 0);

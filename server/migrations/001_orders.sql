-- Orders, their contents, and the log of what happened to them. Times are
-- microseconds since 1970, UTC, where SQLite compares them, else RFC 3339
-- inside JSON.
--
-- A commit should write few pages, whoever's orders it changes: so events are
-- appended to one log, and a vendor's and an order's events are chains through
-- it, walked from the newest back. An index by vendor would write a page for
-- each vendor in a commit.

CREATE TABLE vendors (
  ref        INTEGER PRIMARY KEY,
  id         TEXT NOT NULL UNIQUE,
  name       TEXT NOT NULL,
  birth_mark TEXT NOT NULL,         -- the mark of offset 0
  "offset"   INTEGER NOT NULL,      -- the newest event, or the birth
  mark       TEXT NOT NULL,
  newest     INTEGER                -- its place in the log; NULL before the first
) STRICT;

-- What every step changes. Small, because every commit writes one of these rows.
-- No index on the status, for the same reason: a list by status walks the
-- vendor's orders from the newest on.
CREATE TABLE orders (
  id        INTEGER PRIMARY KEY,
  vendor    INTEGER NOT NULL REFERENCES vendors (ref),
  number    TEXT NOT NULL,
  placed_at INTEGER NOT NULL,
  status    TEXT NOT NULL,
  revision  INTEGER NOT NULL,       -- which of its contents is the newest
  newest    INTEGER NOT NULL,       -- its newest event's place in the log
  state     TEXT NOT NULL           -- OrderState, JSON
) STRICT;

-- By number first: support looks for a number without knowing the vendor.
CREATE UNIQUE INDEX orders_number ON orders (number, vendor);
CREATE INDEX orders_newest ON orders (vendor, placed_at, id);
CREATE INDEX orders_all ON orders (placed_at, id);

-- What was bought. Every revision is kept, so that an event can be replayed
-- with the order as it was.
CREATE TABLE contents (
  order_id INTEGER NOT NULL REFERENCES orders (id),
  revision INTEGER NOT NULL,
  body     TEXT NOT NULL,           -- OrderContent, JSON
  PRIMARY KEY (order_id, revision)
) STRICT, WITHOUT ROWID;

-- The log: a vendor's events and the history of each order are the same rows.
CREATE TABLE events (
  seq          INTEGER PRIMARY KEY,
  vendor       INTEGER NOT NULL REFERENCES vendors (ref),
  "offset"     INTEGER NOT NULL,    -- counts the vendor's events from 1, without a gap
  mark         TEXT NOT NULL,
  before       INTEGER,             -- the vendor's event before this one
  order_id     INTEGER NOT NULL REFERENCES orders (id),
  order_before INTEGER,             -- the order's event before this one
  revision     INTEGER NOT NULL,    -- which content the order had
  state        TEXT NOT NULL,       -- OrderState, JSON
  fact         TEXT NOT NULL        -- kind, and the history's entry; JSON
) STRICT;

-- One row that readiness writes, to prove that the store can be written.
CREATE TABLE probe (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  n  INTEGER NOT NULL
) STRICT;
INSERT INTO probe (id, n) VALUES (1, 0);

-- What was answered under an Idempotency-Key, for as long as it is remembered.
CREATE TABLE once (
  key     TEXT PRIMARY KEY,         -- the caller and its key
  digest  TEXT NOT NULL,            -- of the request that came under it
  expires INTEGER NOT NULL,         -- microseconds since 1970
  answer  TEXT NOT NULL             -- what came of each change, JSON
) STRICT;

-- The oldest are looked for by every commit that adds one.
CREATE INDEX once_expires ON once (expires);

-- Numbers for new orders, a block at a time. They start at the time in
-- microseconds: a counter that a failover set back gives none twice.
-- KEYS  1 the counter    ARGV  1 how many
local time = redis.call('TIME')
local first = math.max(tonumber(redis.call('GET', KEYS[1]) or '0') + 1, time[1] * 1000000 + time[2])
redis.call('SET', KEYS[1], string.format('%.0f', first + ARGV[1] - 1))
return string.format('%.0f', first)

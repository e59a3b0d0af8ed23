-- Adds a vendor, unless it is there.
-- KEYS  1 head    ARGV  1 mark of the birth  2 name
-- Answers: 1 when it is new, then offset, mark, birth, name.
local new = redis.call('HSETNX', KEYS[1], 'birth', ARGV[1])
if new == 1 then
  redis.call('HSET', KEYS[1], 'offset', '0', 'mark', ARGV[1], 'name', ARGV[2])
end
local head = redis.call('HMGET', KEYS[1], 'offset', 'mark', 'birth', 'name')
return {new, head[1], head[2], head[3], head[4]}

-- Adds orders to the index of sources that an earlier version did not index.
-- KEYS  1 head  2 sources
-- ARGV  1 the field that says that every order is indexed, '' when some are not yet
--       then pairs of a source's field and an order's number
if not redis.call('HMGET', KEYS[1], 'birth')[1] then return end
for i = 2, #ARGV, 2 do
  local field, number = ARGV[i], ARGV[i + 1]
  local known = redis.call('HGET', KEYS[2], field)
  if not known then
    redis.call('HSET', KEYS[2], field, number)
  elseif not string.find('\n' .. known .. '\n', '\n' .. number .. '\n', 1, true) then
    redis.call('HSET', KEYS[2], field, known .. '\n' .. number)
  end
end
if ARGV[1] ~= '' then redis.call('HSET', KEYS[2], ARGV[1], '1') end

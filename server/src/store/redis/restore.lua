-- Writes an order as another store kept it, unless there is one of its number.
-- KEYS  1 head  2 orders  3 contents  4 placed  5 the order's history  6 sources
-- ARGV  1 number  2 version  3 id  4 state  5 content  6 placed, in microseconds
--       7 the field of its source, '' for none
--       then the entries of its history, oldest first
-- Answers: 'written', 'present' with record and content, or 'no vendor'.
local head = redis.call('HMGET', KEYS[1], 'birth')
if not head[1] then return {'no vendor'} end
local number, id = ARGV[1], ARGV[3]
local record = redis.call('HGET', KEYS[2], number)
if record then return {'present', record, redis.call('HGET', KEYS[3], number) or ''} end
-- The record comes last: without it there is no order, and it is written again.
redis.call('HSET', KEYS[3], number, ARGV[5])
redis.call('ZADD', KEYS[4], ARGV[6], string.format('%020.0f', id) .. number)
redis.call('DEL', KEYS[5])
if ARGV[7] ~= '' then
  local known = redis.call('HGET', KEYS[6], ARGV[7])
  redis.call('HSET', KEYS[6], ARGV[7], known and (known .. '\n' .. number) or number)
end
for i = 8, #ARGV do redis.call('RPUSH', KEYS[5], ARGV[i]) end
redis.call('HSET', KEYS[2], number, table.concat({ARGV[2], id, '1', '0', head[1], ARGV[4]}, ' '))
return {'written'}

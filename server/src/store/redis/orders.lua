-- Orders of one vendor as they are at one moment.
-- KEYS  1 head  2 orders  3 contents
-- ARGV  numbers
-- Answers: the time in ms, offset, mark, birth (nil without the vendor), records, contents.
local time = redis.call('TIME')
local head = redis.call('HMGET', KEYS[1], 'offset', 'mark', 'birth')
local answer = {time[1] * 1000 + math.floor(time[2] / 1000), head[1], head[2], head[3], {}, {}}
-- At most 1,000 at a time: unpack has room for some 8,000.
if #ARGV > 0 then
  answer[5] = redis.call('HMGET', KEYS[2], unpack(ARGV))
  answer[6] = redis.call('HMGET', KEYS[3], unpack(ARGV))
end
return answer

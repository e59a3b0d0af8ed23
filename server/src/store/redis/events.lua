-- Events of one vendor, with each order's content as it was then.
-- KEYS  1 head  2 orders  3 contents  4 revisions  5 events
-- ARGV  1 first offset  2 last offset, or +  3 how many at most
-- Answers: the time in ms, offset, mark, birth, events, contents.
local time = redis.call('TIME')
local head = redis.call('HMGET', KEYS[1], 'offset', 'mark', 'birth')
local last = ARGV[2]
if last ~= '+' then last = last .. '-0' end
-- For none at all XRANGE answers no list.
local events = redis.call('XRANGE', KEYS[5], ARGV[1] .. '-0', last, 'COUNT', ARGV[3]) or {}
local contents = {}
for i, event in ipairs(events) do
  local id, number, revision = event[2][8], event[2][10], event[2][12]
  local content
  local record = redis.call('HGET', KEYS[2], number)
  if record and string.match(record, '^%d+ %d+ (%d+) ') == revision then
    content = redis.call('HGET', KEYS[3], number)
  else
    content = redis.call('HGET', KEYS[4], id .. '/' .. revision)
  end
  contents[i] = content or ''
end
return {time[1] * 1000 + math.floor(time[2] / 1000), head[1], head[2], head[3], events, contents}

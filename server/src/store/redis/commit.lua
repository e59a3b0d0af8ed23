-- One commit: all of one vendor's changes, or none. The rules were asked before;
-- here versions are compared, and what was decided is written.
--
-- A script that fails half-way keeps what it wrote: so everything is checked
-- first, and the first write is XADD, which fails by itself when the stream is
-- further than the head says. Messages come last and may fail: they are hints.
--
-- KEYS  1 head  2 orders  3 contents  4 revisions  5 events  6 placed
--       7 once  8 the log of commits, of all vendors  9 sources  then the history of each change's order
-- ARGV  1 latest moment, in ms since 1970 by this Redis's clock  2 PUBLISH or SPUBLISH
--       3 channel  4 events to keep  5 how long to keep them, in ms
--       6 what to remember under `once`, '' for nothing  7 for how long, in ms
--       8 the vendor's offset when it was decided
--       9 the vendor's id  10 commits to keep in the log, 0 for no log: a cluster has none
--       then WIDTH values for each change; one without a fact writes the state alone
local FIXED_KEYS, FIXED, WIDTH = 9, 10, 14

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local changes = (#ARGV - FIXED) / WIDTH

local remember = ARGV[6] ~= ''
if remember then
  local remembered = redis.call('GET', KEYS[7])
  if remembered then return {'remembered', remembered} end
end

local head = redis.call('HMGET', KEYS[1], 'offset', 'mark')
if not head[1] then
  -- That there is no such vendor is an answer, and remembered as one.
  if remember and changes == 0 then
    redis.call('SET', KEYS[7], table.concat({'0', '0', ARGV[6]}, ' '), 'PX', ARGV[7])
  end
  return {'no vendor'}
end
local base, after = tonumber(head[1]), head[2]

local function whole(n) return string.format('%.0f', n) end
local function at(offset) return whole(offset) .. '-0' end

-- This very commit may have been done, and its answer lost on the way: then one of
-- the events since has its first mark. An order's record does not tell, for another
-- change may have come after.
local function instead_of(refusal)
  local mark
  for a = FIXED, #ARGV - WIDTH, WIDTH do
    if ARGV[a + 8] ~= '' then mark = ARGV[a + 5]; break end
  end
  local since = mark and redis.call('XRANGE', KEYS[5], at(ARGV[8] + 1), '+') or {}
  for _, event in ipairs(since) do
    if event[2][2] == mark then
      local offset = string.match(event[1], '^%d+')
      return {'written', whole(offset - 1), event[2][4]}
    end
  end
  return refusal
end

if now > tonumber(ARGV[1]) then return instead_of({'late'}) end

-- Each order must be where the decision saw it; a later change of the same order
-- builds upon an earlier one.
local versions, sources = {}, {}
for i = 0, changes - 1 do
  local a = FIXED + i * WIDTH
  local number, seen, version = ARGV[a + 1], ARGV[a + 2], ARGV[a + 3]
  local version_now = versions[number]
  if not version_now then
    local record = redis.call('HGET', KEYS[2], number)
    version_now = record and string.match(record, '^%S+') or '0'
  end
  if version_now ~= seen then return instead_of({'changed', number}) end
  versions[number] = version
  local source = ARGV[a + 12]
  if source ~= '' then
    local known = sources[source] or redis.call('HGET', KEYS[9], source) or ''
    if known ~= ARGV[a + 13] then return instead_of({'changed', number}) end
    sources[source] = ARGV[a + 14]
  end
end

-- A right that was taken away since the start would leave a half of this; what is forgotten
-- and told at the end is asked for, too, for an error there would be taken for one here.
local function may(...) return not redis.acl_check_cmd or redis.acl_check_cmd(...) end
local refused = not may('XADD', KEYS[5], '*', 'f', 'v') and 'XADD'
  or not may('HSET', KEYS[1], 'f', 'v') and 'HSET'
  or not may('ZADD', KEYS[6], '0', 'm') and 'ZADD'
  or not may('RPUSH', KEYS[FIXED_KEYS + 1] or KEYS[1], 'v') and 'RPUSH'
  or not may('SET', KEYS[7], 'v') and 'SET'
  or not may('HDEL', KEYS[4], 'f') and 'HDEL'
  or not may('XTRIM', KEYS[5], 'MINID', '1') and 'XTRIM'
if refused then return redis.error_reply('NOPERM the user may not run ' .. refused) end

local messages, told = {}, 0
for i = 0, changes - 1 do
  local a = FIXED + i * WIDTH
  local number, version, id, mark = ARGV[a + 1], ARGV[a + 3], ARGV[a + 4], ARGV[a + 5]
  local revision, state, fact = ARGV[a + 6], ARGV[a + 7], ARGV[a + 8]
  local content, placed, entry = ARGV[a + 9], ARGV[a + 10], ARGV[a + 11]
  if fact == '' then
    local record = redis.call('HGET', KEYS[2], number)
    local rest = string.match(record, '^%S+ (%S+ %S+ %S+ %S+) ')
    redis.call('HSET', KEYS[2], number, table.concat({version, rest, state}, ' '))
  else
    told = told + 1
    local offset = base + told

    redis.call('XADD', KEYS[5], at(offset),
      'm', mark, 'a', after, 't', whole(now), 'i', id, 'n', number, 'r', revision, 's', state, 'f', fact)
    redis.call('HSET', KEYS[1], 'offset', whole(offset), 'mark', mark)
    if content == '' then
      content = redis.call('HGET', KEYS[3], number)
    else
      local before = redis.call('HGET', KEYS[3], number)
      if before then redis.call('HSET', KEYS[4], id .. '/' .. (revision - 1), before) end
      redis.call('HSET', KEYS[3], number, content)
      redis.call('ZADD', KEYS[6], placed, string.format('%020.0f', id) .. number)
    end
    redis.call('HSET', KEYS[2], number,
      table.concat({version, id, revision, whole(offset), mark, state}, ' '))
    redis.call('RPUSH', KEYS[FIXED_KEYS + i + 1], entry)
    if ARGV[a + 12] ~= '' then redis.call('HSET', KEYS[9], ARGV[a + 12], ARGV[a + 14]) end
    table.insert(messages, table.concat({
      whole(offset), ' ', mark, ' ', after,
      ' {"id":', id, ',"number":', cjson.encode(number), ',"state":', state, ',"fact":', fact, ',"content":', content, '}'}))
    after = mark
  end
end

if remember then
  redis.call('SET', KEYS[7], table.concat({whole(base), head[2], ARGV[6]}, ' '), 'PX', ARGV[7])
end

-- Now and then, forget events that are too many or too old, and the contents that only
-- they needed: the event with a revision is younger than all with the one before it.
-- The newest events are never forgotten.
local TRIM_EVERY, PAGE, PAGES = 64, 64, 16
local function trim()
  local first_kept = base + told - tonumber(ARGV[4])
  local oldest = now - tonumber(ARGV[5])
  for _ = 1, PAGES do
    local events = redis.call('XRANGE', KEYS[5], '-', at(base), 'COUNT', PAGE) or {}
    local forgotten, unneeded
    for _, event in ipairs(events) do
      local offset, revision = tonumber(string.match(event[1], '^%d+')), tonumber(event[2][12])
      if offset > first_kept and tonumber(event[2][6]) >= oldest then break end
      forgotten = offset
      if revision > 1 then
        unneeded = unneeded or {}
        table.insert(unneeded, event[2][8] .. '/' .. whole(revision - 1))
      end
    end
    if not forgotten then return end
    if unneeded then redis.call('HDEL', KEYS[4], unpack(unneeded)) end
    redis.call('XTRIM', KEYS[5], 'MINID', at(forgotten + 1))
    if #events < PAGE or tonumber(string.match(events[PAGE][1], '^%d+')) > forgotten then return end
  end
end
if math.floor(base / TRIM_EVERY) ~= math.floor((base + told) / TRIM_EVERY) then trim() end

-- Every server looks here for what no message told it.
if told > 0 and ARGV[10] ~= '0' then
  redis.call('XADD', KEYS[8], 'MAXLEN', '~', ARGV[10], '*',
    'v', ARGV[9], 'o', whole(base + told), 'm', after)
end
for _, message in ipairs(messages) do
  redis.pcall(ARGV[2], ARGV[3], message)
end

return {'written', whole(base), head[2]}

-- Which of these commands the user may not run. Nothing is read or written.
-- ARGV  the commands, each as the count of its words and the words
-- Answers: for each that is refused its place, from 1, and why, in Redis's words.
local refused = {}
local at, place = 1, 0
while at <= #ARGV do
  local count = tonumber(ARGV[at])
  local words = {unpack(ARGV, at + 1, at + count)}
  at, place = at + count + 1, place + 1
  local known, allowed = pcall(redis.acl_check_cmd, unpack(words))
  if not known then
    table.insert(refused, {place, 'there is no such command'})
  elseif not allowed then
    -- It is refused, so it does nothing; the error says what for.
    local said = redis.pcall(unpack(words))
    table.insert(refused, {place, type(said) == 'table' and said.err or ''})
  end
end
return refused

-- Which vendors have orders of these numbers.
-- KEYS  the orders of each vendor    ARGV  numbers, at most 1,000
-- Answers: pairs of a key's place and a number's, from 1.
local found = {}
for vendor, key in ipairs(KEYS) do
  for number, record in ipairs(redis.call('HMGET', key, unpack(ARGV))) do
    if record then
      table.insert(found, vendor)
      table.insert(found, number)
    end
  end
end
return found

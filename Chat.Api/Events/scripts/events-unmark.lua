-- Removes the mark of a topic, unless it has been marked again.
-- KEYS[1] topics (events-mark.lua)   ARGV[1] topic   [2] the time of the mark
local mark = redis.call('ZSCORE', KEYS[1], ARGV[1])
if mark and tonumber(mark) == tonumber(ARGV[2]) then
  return redis.call('ZREM', KEYS[1], ARGV[1])
end
return 0

-- Notes that it has been said of dropped events that they were, so that nobody says it again. Where nothing waits, there is nothing left to know.
-- KEYS[1] queue   [2] its state (event.lua)   ARGV[1] how many were dropped, as events-read.lua has told it
local call = redis.call
local state = call('HMGET', KEYS[2], 'd', 't')
local dropped, known, told = tonumber(state[1] or '0'), tonumber(state[2] or '0'), tonumber(ARGV[1])
if dropped == told and call('EXISTS', KEYS[1]) == 0 then
  return call('DEL', KEYS[2])
end
if dropped >= told and (told > known or known > dropped) then -- else it began anew meanwhile, or another node was faster
  call('HSET', KEYS[2], 't', ARGV[1])
end
return 0

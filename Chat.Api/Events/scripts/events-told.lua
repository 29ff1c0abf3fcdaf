-- Notes that dropped events have been reported, so that no node reports them again. If nothing waits, the state is no longer needed.
-- KEYS[1] queue   [2] its state (event.lua)   ARGV[1] how many were dropped, as events-read.lua has returned it
local call = redis.call
local state = call('HMGET', KEYS[2], 'd', 't')
local dropped, known, told = tonumber(state[1] or '0'), tonumber(state[2] or '0'), tonumber(ARGV[1])
if dropped == told and call('EXISTS', KEYS[1]) == 0 then
  return call('DEL', KEYS[2])
end
if dropped >= told and (told > known or known > dropped) then -- otherwise the count began anew meanwhile, or another node was faster
  call('HSET', KEYS[2], 't', ARGV[1])
end
return 0

-- Drops the oldest events of a queue, for lack of memory.
-- KEYS[1] queue   [2] its state (event.lua)   ARGV[1] the bytes that may stay   [2] events to drop at most in one go
-- Returns how many bytes are left.
local call = redis.call
local bytes, dropped = tonumber(call('HGET', KEYS[2], 'b') or '0'), 0
while bytes > tonumber(ARGV[1]) and dropped < tonumber(ARGV[2]) and call('LLEN', KEYS[1]) > 1 do
  bytes = bytes - #call('LPOP', KEYS[1])
  dropped = dropped + 1
end
if dropped > 0 then
  call('HSET', KEYS[2], 'b', string.format('%d', bytes))
  call('HINCRBY', KEYS[2], 'd', string.format('%d', dropped))
end
return bytes

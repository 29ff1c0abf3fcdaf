-- Drops the oldest events of a queue, for lack of memory: all of them if need be, since there may be many queues with one event each. An event that
-- is being told may be among them. Then events-trim.lua does not find it, and takes out no other.
-- KEYS[1] queue   [2] its state (event.lua)   ARGV[1] the bytes that may stay   [2] most events to drop in one go
-- Returns how many bytes are left.
local call = redis.call
local bytes, dropped = tonumber(call('HGET', KEYS[2], 'b') or '0'), 0
while bytes > tonumber(ARGV[1]) and dropped < tonumber(ARGV[2]) do
  local event = call('LPOP', KEYS[1])
  if not event then
    bytes = 0
    break
  end
  bytes = bytes - #event
  dropped = dropped + 1
end
if dropped > 0 then
  call('HSET', KEYS[2], 'b', string.format('%d', bytes))
  call('HINCRBY', KEYS[2], 'd', string.format('%d', dropped))
end
return bytes

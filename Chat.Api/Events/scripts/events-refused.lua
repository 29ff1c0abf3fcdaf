-- Notes that the first event of a queue has been refused.
-- KEYS[1] state (event.lua)   ARGV[1] the event's id
-- i: the id of the event that was refused last   r: since when it has been refused, ms by Redis's clock
-- Returns for how many ms it has been refused.
local call = redis.call
local time = call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local known = call('HMGET', KEYS[1], 'i', 'r')
if known[1] == ARGV[1] and known[2] then
  return now - tonumber(known[2])
end
call('HSET', KEYS[1], 'i', ARGV[1], 'r', string.format('%.0f', now))
call('PEXPIRE', KEYS[1], '2592000000') -- another node may have emptied the queue meanwhile
return 0

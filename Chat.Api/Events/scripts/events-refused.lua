-- Notes that the first event of a queue has been refused.
-- KEYS[1] state (event.lua)   ARGV[1] the event's id   [2] ms since the attempt before
-- e: the id of the event that was refused last   m: for how many ms it has been refused, without the time in which the receiver was away
-- Returns these ms.
local call = redis.call
local known = call('HMGET', KEYS[1], 'e', 'm')
local refused = known[1] == ARGV[1] and tonumber(known[2] or '0') + tonumber(ARGV[2]) or 0
call('HSET', KEYS[1], 'e', ARGV[1], 'm', string.format('%d', refused))
call('PEXPIRE', KEYS[1], '2592000000') -- another node may have emptied the queue meanwhile
return refused

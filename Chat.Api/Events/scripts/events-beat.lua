-- Announces that a node takes events out, and tells it which nodes do.
-- KEYS[1] workers   sorted set: node, scored by the end of its lease, ms by Redis's clock
-- ARGV[1] the node   [2] ms of its lease; 0: it stops
-- Returns the nodes.
local call = redis.call
local time = call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
call('ZADD', KEYS[1], string.format('%.0f', now + tonumber(ARGV[2])), ARGV[1])
call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))
return call('ZRANGE', KEYS[1], 0, -1)

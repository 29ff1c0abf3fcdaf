-- Renews a node's lease, sweeps the leases that ran out, and returns the JSON of every live node.
-- KEYS: leases, info. ARGV: node id, lease in ms, node JSON, channel, '1' to announce the node, ms of grace (see below).
-- Redis's clock decides, so that the nodes' clocks need not agree.
local leases, info = KEYS[1], KEYS[2]
local id, channel = ARGV[1], ARGV[4]
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

-- Read before the renewal: a node that was swept, or whose Redis lost its data, joins anew.
local lease = redis.call('ZSCORE', leases, id)

-- If every lease has run out, including that of this node, Redis itself stood still and no node has died. Live nodes renew within the grace.
if lease and tonumber(lease) <= now and redis.call('ZCOUNT', leases, string.format('(%.0f', now), '+inf') == 0 then
  for _, other in ipairs(redis.call('ZRANGE', leases, 0, -1)) do
    redis.call('ZADD', leases, string.format('%.0f', now + tonumber(ARGV[6])), other)
  end
end

redis.call('ZADD', leases, string.format('%.0f', now + tonumber(ARGV[2])), id)
redis.call('HSET', info, id, ARGV[3])
if ARGV[5] == '1' or not lease or tonumber(lease) <= now then
  redis.call('PUBLISH', channel, id)
end

for _, gone in ipairs(redis.call('ZRANGEBYSCORE', leases, '-inf', string.format('%.0f', now))) do
  redis.call('ZREM', leases, gone)
  redis.call('HDEL', info, gone)
  redis.call('PUBLISH', channel, gone)
end

return redis.call('HMGET', info, unpack(redis.call('ZRANGE', leases, 0, -1)))

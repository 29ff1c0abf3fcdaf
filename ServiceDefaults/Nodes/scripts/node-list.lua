-- Returns the JSON of every live node; changes nothing.
-- KEYS: leases, info.

-- A write without effect, so that a replica refuses the call. A former primary is still asked for a while over connections that it has kept open, and
-- its data may be old.
redis.call('PERSIST', KEYS[1])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local ids = redis.call('ZRANGEBYSCORE', KEYS[1], string.format('(%.0f', now), '+inf')
if #ids == 0 then
  return {}
end

return redis.call('HMGET', KEYS[2], unpack(ids))

-- Gives back what admit.lua took.
-- KEYS[1] conns   ARGV[1] this node
local left = redis.call('HINCRBY', KEYS[1], ARGV[1], -1)
if left <= 0 then
  redis.call('HDEL', KEYS[1], ARGV[1])
end
return left

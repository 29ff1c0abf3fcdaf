-- Writes how many connections of a user a node has (see admit.lua).
-- KEYS[1] conns   ARGV[1] the node   [2] connections there   [3] ms after which a forgotten count expires
local call = redis.call
if tonumber(ARGV[2]) == 0 then
  return call('HDEL', KEYS[1], ARGV[1])
end

call('HSET', KEYS[1], ARGV[1], ARGV[2])
return call('PEXPIRE', KEYS[1], ARGV[3])

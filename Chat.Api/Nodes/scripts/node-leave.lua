-- Takes a node off the registry and announces it.
-- KEYS: leases, info. ARGV: node id, channel.
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('PUBLISH', ARGV[2], ARGV[1])
return 1

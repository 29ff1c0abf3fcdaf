-- Makes all edges use one key, that of the first one. If Redis has lost the key, the next edge that asks puts it back.
-- KEYS: affinity key. ARGV: the key the asking edge uses.
if redis.call('SET', KEYS[1], ARGV[1], 'NX') then
  return ARGV[1]
end

return redis.call('GET', KEYS[1])

-- Agrees on one key among all edges: the first one's. A Redis that lost it gets it back from whichever edge asks next.
-- KEYS: affinity key. ARGV: the key the asking edge uses.
if redis.call('SET', KEYS[1], ARGV[1], 'NX') then
  return ARGV[1]
end

return redis.call('GET', KEYS[1])

-- Counts a user's connections over the cluster and takes one more, unless there are enough.
-- KEYS[1] conns   hash: node id -> connections there
-- ARGV[1] this node   [2] connections here, this one included   [3] limit   [4] ms after which a forgotten count goes
-- ARGV[5...] ids of the nodes alive
-- Returns 1 if the connection may come, else 0. Counts of nodes that died count for nothing.
local call = redis.call
local conns = KEYS[1]

local alive = {}
for i = 5, #ARGV do
  alive[ARGV[i]] = true
end

local total = tonumber(ARGV[2])
local counts = call('HGETALL', conns)
for i = 1, #counts, 2 do
  if counts[i] == ARGV[1] then
    -- The node knows its own count better.
  elseif alive[counts[i]] then
    total = total + tonumber(counts[i + 1])
  else
    call('HDEL', conns, counts[i])
  end
end
if total > tonumber(ARGV[3]) then
  return 0
end

call('HSET', conns, ARGV[1], ARGV[2])
call('PEXPIRE', conns, ARGV[4])
return 1

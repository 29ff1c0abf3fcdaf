-- Counts a user's connections over the cluster and takes one more, unless there are enough.
-- KEYS[1] conns   hash: node id -> connections there
-- ARGV[1] this node   [2] connections here, this one included   [3] limit   [4] ms after which a forgotten count expires
--     [5] '1': the nodes named are all live nodes; '': a node not named may be dead, or not known yet
-- ARGV[6...] ids of live nodes
-- Returns how many connections there are with this one, here and on the nodes named; 0: it is refused; -1: only nodes that are not named stand in
-- its way. The counts of dead nodes do not count.
local call = redis.call
local conns = KEYS[1]

local alive = {}
for i = 6, #ARGV do
  alive[ARGV[i]] = true
end

local total, others = tonumber(ARGV[2]), 0
local counts = call('HGETALL', conns)
for i = 1, #counts, 2 do
  if counts[i] == ARGV[1] then
    -- The node knows its own count better.
  elseif alive[counts[i]] then
    total = total + tonumber(counts[i + 1])
  elseif ARGV[5] == '1' then
    call('HDEL', conns, counts[i])
  else
    others = others + tonumber(counts[i + 1])
  end
end
if total > tonumber(ARGV[3]) then
  return 0
end
if total + others > tonumber(ARGV[3]) then
  return -1
end

if tonumber(ARGV[2]) > 0 then
  call('HSET', conns, ARGV[1], ARGV[2])
  call('PEXPIRE', conns, ARGV[4])
end
return total

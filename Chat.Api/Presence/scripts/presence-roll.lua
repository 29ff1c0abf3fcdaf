-- A node announces that it reports presence, and asks for a dead node that did, in order to sweep it.
-- KEYS[1] leases (see node-beat.lua)
-- KEYS[2] reporters   sorted set: node, scored by the time before which nobody may sweep it, ms by Redis's clock. Once the node has been swept,
--   half a millisecond is taken off as a mark. 0: the node has called the roll since
-- ARGV[1] the node   [3] 'calls': it calls the roll. 'sweeps': the same, while it is still sweeping the dead node [5]. 'leaves': it is leaving.
--   'found', 'swept': another node has swept it, and found users, or none
-- ARGV[2] for the first two: ms for which a dead node is given to the caller   [4] ms that a lease lasts
--   'leaves': ms after which it may be swept, since its users may be on their way to other nodes. 'found', 'swept': ms after which to look again
-- Returns '1' if the node was known and nobody had begun to sweep it, else '0'; the dead node, or an empty text; and '1' if the dead node was swept
-- before.
-- A node that calls the roll without a lease is not swept for as long as one lasts: Redis has lost its data, and the node's next heartbeat gives it
-- a new one. It may have lost the lease after the roll, so that a live node is taken for dead. That node may then report for a while without knowing,
-- and die. So a dead node is looked at again after it was swept, and forgotten when nobody was found in it.
local call = redis.call
local leases, reporters, node = KEYS[1], KEYS[2], ARGV[1]
local time = call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

local function later(half) return string.format('%.1f', now + tonumber(ARGV[2]) - half) end

if ARGV[3] == 'swept' or ARGV[3] == 'found' then
  local score = tonumber(call('ZSCORE', reporters, node) or '1')
  if score == 0 then
    call('ZADD', reporters, '1', node) -- the node lives, and came back during the sweep: it stays, and will find that it is not known
  elseif ARGV[3] == 'found' or score % 1 == 0 then
    call('ZADD', reporters, later(0.5), node)
  else
    call('ZREM', reporters, node)
  end
  return { '1', '' }
end

if ARGV[3] == 'leaves' then
  call('ZADD', reporters, later(0), node)
  return { '1', '' }
end

local known = call('ZSCORE', reporters, node)
call('ZADD', reporters, call('ZSCORE', leases, node) and '0' or string.format('%.0f', now + tonumber(ARGV[4])), node)
local isKnown = known and tonumber(known) == 0 and '1' or '0'
if ARGV[3] == 'sweeps' then
  local score = tonumber(call('ZSCORE', reporters, ARGV[5]) or '0')
  if score > 0 and score < now + tonumber(ARGV[2]) then -- otherwise it lives and has come back, or has been forgotten
    call('ZADD', reporters, later(score % 1), ARGV[5])
  end
  return { isKnown, '', '0' }
end
for _, other in ipairs(call('ZRANGEBYSCORE', reporters, '-inf', string.format('%.0f', now))) do
  if other ~= node and not call('ZSCORE', leases, other) then
    local half = tonumber(call('ZSCORE', reporters, other)) % 1
    call('ZADD', reporters, later(half), other)
    return { isKnown, other, half ~= 0 and '1' or '0' }
  end
end
return { isKnown, '', '0' }

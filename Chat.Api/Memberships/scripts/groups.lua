-- Reads what is known of a user's groups. Begins the record if there is none and groups to begin with are given.
-- KEYS[1] groups   hash: group -> generation of the joining, or "-" and the generation of a leave under way. If "!" follows, the mark stays
--      when the leave is complete, with "~" instead of "!", and nobody gives that joining back. Two more fields have names that no group has:
--      ":" -> the generation at which the record began, "::" -> the last generation given
-- A generation is the microsecond by Redis's clock, but always above the last one, since clocks may go back.
-- ARGV[1] ms after which an untouched record expires   [2...] pairs of group and generation, 0 for a group that begins now
-- If a backend is told: KEYS[2] queue   [3] its state, and before the pairs ARGV[2...5] the other arguments of event.lua
-- Returns now, born, group, generation, group, generation...
@EVENT@
local call = redis.call
local groups, pairs_at = KEYS[1], KEYS[2] and 6 or 2

local time = call('TIME')
local known = call('HMGET', groups, ':', '::')
local now = math.max(tonumber(time[1]) * 1000000 + tonumber(time[2]), tonumber(known[2] or '0'))
local text = string.format('%.0f', now)
local born = known[1] and tonumber(known[1]) or now
if not known[1] and ARGV[pairs_at] then
  call('HSET', groups, ':', text, '::', text)
end

for i = pairs_at, #ARGV, 2 do
  local generation = tonumber(ARGV[i + 1])
  if generation == 0 then
    if not known[1] then
      call('HSET', groups, ARGV[i], text)
      if KEYS[2] then
        event(KEYS[2], KEYS[3], ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), 'joined ' .. text .. ' ' .. ARGV[i])
      end
    end
  elseif generation < born then
    call('HSETNX', groups, ARGV[i], ARGV[i + 1]) -- the joining is older than the record: Redis lost the record it was in
  end
end
call('PEXPIRE', groups, ARGV[1])

local reply = { text, string.format('%.0f', born) }
local all = call('HGETALL', groups)
for i = 1, #all, 2 do
  if string.sub(all[i], 1, 1) ~= ':' and string.sub(all[i + 1], 1, 1) ~= '-' then
    reply[#reply + 1] = all[i]
    reply[#reply + 1] = all[i + 1]
  end
end
return reply

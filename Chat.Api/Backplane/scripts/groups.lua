-- What is known of a user's groups; begins the record where there is none, and groups to begin it with are given.
-- KEYS[1] groups   hash: group -> generation of the joining (microseconds), or "-" and that of a leave under way;
--                  ":", which no group is called, -> since when the record is there
-- ARGV[1] ms after which an untouched record goes   [2...] pairs of group and generation, 0 for one that begins now
-- Returns now, born, group, generation, group, generation...
local call = redis.call
local groups = KEYS[1]

local time = call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local known = call('HGET', groups, ':')
local born = tonumber(known or now)
if not known and ARGV[2] then
  call('HSET', groups, ':', string.format('%.0f', now))
end

for i = 2, #ARGV, 2 do
  local generation = tonumber(ARGV[i + 1])
  if generation == 0 then
    if not known then
      call('HSET', groups, ARGV[i], string.format('%.0f', now))
    end
  elseif generation < born then
    call('HSETNX', groups, ARGV[i], ARGV[i + 1]) -- older than the record: Redis lost the one it was in
  end
end
call('PEXPIRE', groups, ARGV[1])

local reply = { string.format('%.0f', now), string.format('%.0f', born) }
local all = call('HGETALL', groups)
for i = 1, #all, 2 do
  if all[i] ~= ':' and string.sub(all[i + 1], 1, 1) ~= '-' then
    reply[#reply + 1] = all[i]
    reply[#reply + 1] = all[i + 1]
  end
end
return reply

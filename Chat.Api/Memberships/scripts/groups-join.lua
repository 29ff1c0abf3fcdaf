-- Puts a user into a group. A user who is in already keeps the generation.
-- KEYS[1] groups (see groups.lua)   ARGV[1] ms after which an untouched record expires   [2] group   [3] most groups of a user
-- If a backend is told: KEYS[2] queue   [3] its state   ARGV[4...7] the other arguments of event.lua
-- Returns the generation, or an empty string if the user is in enough groups.
@EVENT@
local call = redis.call
local groups = KEYS[1]

local known = call('HMGET', groups, ARGV[2], '::')
if known[1] and string.sub(known[1], 1, 1) ~= '-' then
  return known[1]
end
local time = call('TIME')
local now = math.max(tonumber(time[1]) * 1000000 + tonumber(time[2]), tonumber(known[2] or '0') + 1)
local most = tonumber(ARGV[3])
local fields = call('HLEN', groups) - 2 -- groups, and marks of leaves
if fields >= most then
  local joined, past = -2, {}
  local all = call('HGETALL', groups)
  for i = 1, #all, 2 do
    local left, through = string.match(all[i + 1], '^%-(%d+)(.?)')
    if not left then
      joined = joined + 1
    elseif through == '~' and now - tonumber(left) > 600000000 then
      past[#past + 1] = all[i]
    end
  end
  if joined >= most then
    return ''
  end
  if fields >= most * 10 and not known[1] then
    if #past == 0 then
      return '' -- marks must not fill the record: most go when every node has confirmed, those in "past" once they are ten minutes old and in the way
    end
    for _, group in ipairs(past) do
      call('HDEL', groups, group)
    end
  end
end

local generation = string.format('%.0f', now)
call('HSET', groups, ARGV[2], generation, '::', generation)
call('HSETNX', groups, ':', generation)
call('PEXPIRE', groups, ARGV[1])
if KEYS[2] then
  event(KEYS[2], KEYS[3], ARGV[4], ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7]), 'joined ' .. generation .. ' ' .. ARGV[2])
end
return generation

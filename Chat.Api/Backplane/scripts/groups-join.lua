-- Puts a user into a group. Who is in already keeps the generation.
-- KEYS[1] groups (see groups.lua)   ARGV[1] ms after which an untouched record goes   [2] group   [3] groups at most
-- Returns the generation, or an empty string: there are enough.
local call = redis.call
local groups = KEYS[1]

local known = call('HMGET', groups, ARGV[2], '::')
if known[1] and string.sub(known[1], 1, 1) ~= '-' then
  return known[1]
end
if not known[1] and call('HLEN', groups) >= tonumber(ARGV[3]) + 2 then
  return ''
end

local time = call('TIME')
local now = math.max(tonumber(time[1]) * 1000000 + tonumber(time[2]), tonumber(known[2] or '0') + 1)
local generation = string.format('%.0f', now)
call('HSET', groups, ARGV[2], generation, '::', generation)
call('HSETNX', groups, ':', generation)
call('PEXPIRE', groups, ARGV[1])
return generation

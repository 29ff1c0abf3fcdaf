-- Marks that a user has left a group, or forgets the mark.
-- KEYS[1] groups (see groups.lua)   ARGV[1] group   [2] the generation to forget, or none to mark
-- Returns the generation that ends, with "+" in front if the user was in, or had a mark that was not forgotten.
local call = redis.call
local groups = KEYS[1]

local known = call('HMGET', groups, ARGV[1], '::')
if ARGV[2] then
  if known[1] == '-' .. ARGV[2] then
    call('HDEL', groups, ARGV[1])
  end
  return ''
end

local time = call('TIME')
local now = math.max(tonumber(time[1]) * 1000000 + tonumber(time[2]), tonumber(known[2] or '0') + 1)
local generation = string.format('%.0f', now)
if not known[1] then
  return generation
end
call('HSET', groups, ARGV[1], '-' .. generation, '::', generation) -- the record's end stays where it is
return '+' .. generation

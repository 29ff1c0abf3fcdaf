-- Marks that a user has left a group, or forgets the mark.
-- KEYS[1] groups (see groups.lua)   ARGV[1] group   [2] the generation to forget, or '' to mark
-- Where a backend is told: KEYS[2] queue   [3] its state   ARGV[3...6] what else event.lua takes
-- Returns the generation that ends, with "+" in front if the user was in, or had a mark that was not forgotten.
@EVENT@
local call = redis.call
local groups = KEYS[1]

local known = call('HMGET', groups, ARGV[1], '::', ':')
if ARGV[2] ~= '' then
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
-- Of a joining that is older than the record, given back after Redis had lost the one it was in, the mark is not forgotten: a node that has
-- not heard of the leave would give it back once more.
local ended = string.gsub(known[1], '[-!]', '')
local stays = (string.sub(known[1], -1) == '!' or tonumber(ended) < tonumber(known[3] or '0')) and '!' or ''
call('HSET', groups, ARGV[1], '-' .. generation .. stays, '::', generation) -- the record's end stays where it is
if KEYS[2] and string.sub(known[1], 1, 1) ~= '-' then
  event(KEYS[2], KEYS[3], ARGV[3], ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6]), 'left ' .. generation .. ' ' .. ARGV[1])
end
return '+' .. generation

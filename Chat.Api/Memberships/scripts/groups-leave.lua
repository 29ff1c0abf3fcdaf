-- Marks that a user has left a group, or forgets the mark.
-- KEYS[1] groups (see groups.lua)   ARGV[1] group   [2] the generation to forget, '' to mark, or '!' to mark even if the user was not in
-- If a backend is told: KEYS[2] queue   [3] its state   ARGV[3...6] the other arguments of event.lua
-- Returns the generation that ends, with "+" in front if the user was in, or had a mark that was not forgotten.
@EVENT@
local call = redis.call
local groups = KEYS[1]

local known = call('HMGET', groups, ARGV[1], '::', ':')
if ARGV[2] ~= '' and ARGV[2] ~= '!' then
  if known[1] == '-' .. ARGV[2] then
    call('HDEL', groups, ARGV[1])
  elseif known[1] == '-' .. ARGV[2] .. '!' then
    call('HSET', groups, ARGV[1], '-' .. ARGV[2] .. '~')
  end
  return ''
end

local time = call('TIME')
local now = math.max(tonumber(time[1]) * 1000000 + tonumber(time[2]), tonumber(known[2] or '0') + 1)
local generation = string.format('%.0f', now)
local born = tonumber(known[3] or '0')
-- A node gives back what it knows of a record that Redis lost, and news of that record may still be on its way to the node. So some marks of leaves
-- are kept after every node has confirmed: in the first ten minutes of a record all of them, later those of joinings that were given back.
local isYoung = born > 0 and now - born < 600000000
if not known[1] or string.sub(known[1], -1) == '~' then
  if isYoung and ARGV[2] == '!' and (known[1] or call('HLEN', groups) < 1000) then -- marks of groups that were never joined must not fill the record
    call('HSET', groups, ARGV[1], '-' .. generation .. '~', '::', generation)
  end
  return generation
end
local ended = string.gsub(known[1], '[-!]', '')
local stays = (isYoung or string.sub(known[1], -1) == '!' or tonumber(ended) < born) and '!' or ''
call('HSET', groups, ARGV[1], '-' .. generation .. stays, '::', generation) -- the record's expiry does not change
if KEYS[2] and string.sub(known[1], 1, 1) ~= '-' then
  event(KEYS[2], KEYS[3], ARGV[3], ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6]), 'left ' .. generation .. ' ' .. ARGV[1])
end
return '+' .. generation

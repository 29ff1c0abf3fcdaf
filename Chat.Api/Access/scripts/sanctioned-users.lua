-- Returns a page of the users who have sanctions (sanction.lua). Users whose sanctions end soonest come first.
-- KEYS[1] users   ARGV[1] until when the last user of the page before had sanctions, as returned with that page; '': this is the first page
--   [2] that user   [3] how many to return at most
-- Returns {how many there are, until when the last user of this page has sanctions, '': there are no more, user...}
local call = redis.call
local users = KEYS[1]

local time = call('TIME')
call('ZREMRANGEBYSCORE', users, '-inf', string.format('%.0f', tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)))
local first = 0
if ARGV[1] ~= '' then
  -- The page begins after the place of that user, who may have another place by now, or none. So the user is put there for a moment.
  local now = call('ZSCORE', users, ARGV[2])
  call('ZADD', users, ARGV[1], ARGV[2])
  first = call('ZRANK', users, ARGV[2])
  if not now then
    call('ZREM', users, ARGV[2])
  else
    call('ZADD', users, now, ARGV[2])
    first = call('ZRANK', users, ARGV[2]) <= first and first + 1 or first
  end
end

local page = call('ZRANGE', users, first, first + tonumber(ARGV[3]) - 1)
local reply = { call('ZCARD', users), '' }
if #page > 0 and first + #page < reply[1] then
  reply[2] = call('ZSCORE', users, page[#page])
end
for _, user in ipairs(page) do
  reply[#reply + 1] = user
end
return reply

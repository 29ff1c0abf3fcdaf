-- Returns the users whose sanctions have changed (sanction.lua) since a given change.
-- KEYS[1] changed   ARGV[1] the number of that change   [2] how many users to return at most
-- Returns {number of the last change of all, user, number, user...}, in the order of the changes.
local top = redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')
local reply = { top[2] and string.format('%.0f', tonumber(top[2])) or '0' }
local since = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[2])
for i = 1, #since, 2 do
  reply[#reply + 1] = since[i]
  reply[#reply + 1] = string.format('%.0f', tonumber(since[i + 1]))
end
return reply

-- Returns a page of the users who have sanctions (sanction.lua). Users whose sanctions end soonest come first.
-- KEYS[1] users   ARGV[1] how many to skip   [2] how many to return at most
-- Returns {how many there are, user...}
local time = redis.call('TIME')
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)))
local reply = { redis.call('ZCARD', KEYS[1]) }
for _, user in ipairs(redis.call('ZRANGE', KEYS[1], ARGV[1], tonumber(ARGV[1]) + tonumber(ARGV[2]) - 1)) do
  reply[#reply + 1] = user
end
return reply

-- Returns a user's sanctions (sanction.lua).
-- KEYS[1] the user's sanctions
-- Returns {now, what, "{time in ms at which it ends, 0: when it is lifted} {reason}", what...}
local time = redis.call('TIME')
local reply = { string.format('%.0f', tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)) }
local known = redis.call('HGETALL', KEYS[1])
for i = 1, #known do
  reply[#reply + 1] = known[i]
end
return reply

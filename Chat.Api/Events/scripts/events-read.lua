-- Returns the oldest events of a queue.
-- KEYS[1] queue   [2] its state (event.lua)   ARGV[1] most events to return   [2] most bytes of these, not counting a larger first event
-- Returns how many there are, their bytes, how many were ever dropped, how many of these have been reported (events-told.lua), event, event...
local call = redis.call
local length = call('LLEN', KEYS[1])
local state = call('HMGET', KEYS[2], 'b', 'd', 't')
local bytes = tonumber(state[1] or '0')
local dropped, told = tonumber(state[2] or '0'), tonumber(state[3] or '0')
local reply = { length, bytes, dropped, told <= dropped and told or 0 } -- an older node resets the count of dropped events once it has reported it
if length == 0 then
  return reply
end

call('PEXPIRE', KEYS[1], '2592000000')
call('PEXPIRE', KEYS[2], '2592000000')
local most = math.min(tonumber(ARGV[1]), math.max(1, math.ceil(tonumber(ARGV[2]) * length / math.max(bytes, 1))))
local size = 0
for _, event in ipairs(call('LRANGE', KEYS[1], 0, string.format('%d', most - 1))) do
  size = size + #event
  if size > tonumber(ARGV[2]) and #reply > 4 then
    break
  end
  reply[#reply + 1] = event
end
return reply

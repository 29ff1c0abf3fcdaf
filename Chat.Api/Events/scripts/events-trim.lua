-- Takes events out of a queue that have been told, or given up.
-- The queue may no longer begin with them: another node has taken them out, they were dropped, or Redis came back older and other events took their
-- places. Even then, no event that was not told is touched: the last of them is looked for, and no two are alike.
-- KEYS[1] queue   [2] its state (event.lua)   ARGV[1] how many there are   [2] the last of them
-- Returns how many are left. If none is left, the state is deleted, unless events were dropped meanwhile that nobody has reported.
local call = redis.call
local bytes = 0
for i, event in ipairs(call('LRANGE', KEYS[1], 0, string.format('%d', tonumber(ARGV[1]) - 1))) do
  bytes = bytes + #event
  if event == ARGV[2] then
    call('LTRIM', KEYS[1], string.format('%d', i), '-1')
    call('HINCRBY', KEYS[2], 'b', string.format('%d', -bytes))
    call('HDEL', KEYS[2], 'e', 'm')
    break
  end
end
local left = call('LLEN', KEYS[1])
if left == 0 then
  local state = call('HMGET', KEYS[2], 'd', 't')
  if tonumber(state[1] or '0') <= tonumber(state[2] or '0') then
    call('DEL', KEYS[2])
  end
end
return left

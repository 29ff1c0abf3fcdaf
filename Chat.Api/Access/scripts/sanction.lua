-- Puts a sanction on a user, changes or lifts it, and tells every node. Or only tells the nodes, so that they look at the user again.
-- KEYS[1] the user's sanctions: hash, what -> "{time in ms at which it ends, 0: when it is lifted} {reason}"   [2] changed: sorted set, user ->
--   number of the change   [3] users: sorted set, user -> time in ms until which they have sanctions
-- ARGV[1] user   [2] channel   [3] what, '' for none   [4] ms for which it holds; 0: until it is lifted; -1: lifts it   [5] reason
--  [6] how many sanctions a user can have   [7] ms after which a change is forgotten
-- Returns {now, when it ends}; {now, -1}: there was none to lift; {now, -2}: the user has too many.
-- A change is numbered by the microsecond, but always above the last one, since clocks may go back.
local call = redis.call
local one, changed, users = KEYS[1], KEYS[2], KEYS[3]

local time = call('TIME')
local micros = tonumber(time[1]) * 1000000 + tonumber(time[2])
local now = math.floor(micros / 1000)
local text = string.format('%.0f', now)

local ends = 0
if ARGV[3] ~= '' then
  local known = call('HGETALL', one)
  local count = 0
  for i = 1, #known, 2 do
    local ending = tonumber(string.match(known[i + 1], '^(%d+)'))
    if ending > 0 and ending <= now then
      call('HDEL', one, known[i])
    else
      count = count + 1
    end
  end

  if ARGV[4] == '-1' then
    if call('HDEL', one, ARGV[3]) == 0 then
      return { text, '-1' }
    end
  else
    if count >= tonumber(ARGV[6]) and call('HEXISTS', one, ARGV[3]) == 0 then
      return { text, '-2' }
    end

    ends = ARGV[4] == '0' and 0 or now + tonumber(ARGV[4])
    call('HSET', one, ARGV[3], string.format('%.0f', ends) .. ' ' .. ARGV[5])
  end

  -- The key expires with the last sanction.
  local last, forever = 0, false
  local left = call('HVALS', one)
  for i = 1, #left do
    local ending = tonumber(string.match(left[i], '^(%d+)'))
    last, forever = math.max(last, ending), forever or ending == 0
  end

  if #left == 0 then
    call('ZREM', users, ARGV[1])
  elseif forever then
    call('PERSIST', one)
    call('ZADD', users, '+inf', ARGV[1])
  else
    call('PEXPIRE', one, string.format('%.0f', last - now))
    call('ZADD', users, string.format('%.0f', last), ARGV[1])
  end
  call('ZREMRANGEBYSCORE', users, '-inf', text)
end

local top = call('ZREVRANGE', changed, 0, 0, 'WITHSCORES')
local number = math.max(micros, top[2] and tonumber(top[2]) + 1 or 0)
call('ZADD', changed, string.format('%.0f', number), ARGV[1])
call('ZREMRANGEBYSCORE', changed, '-inf', string.format('%.0f', number - tonumber(ARGV[7]) * 1000))
call('PUBLISH', ARGV[2], ARGV[1])
return { text, string.format('%.0f', ends) }

-- Appends a message to a topic's log and publishes it: one order for everyone, by construction.
-- KEYS[1] log    list of envelopes, oldest first
-- KEYS[2] meta   hash: e epoch, o last offset, x and d the periods in which log and ids were last tidied
-- KEYS[3] ids    sorted set: sender/message id -> offset; only with ARGV[5]
-- ARGV[1] channel   [2] the envelope after Offset and Epoch   [3] period: a number that changes four times per age
-- ARGV[4] now, Unix ms   [5] sender/message id, optional
-- Returns "epoch offset". @KEEP@, @AGE@ and @POSITION@ are put in per kind of topic: messages to keep, their age in
-- ms, ms the position outlives the log.
-- Redis is one thread for everybody, so each call here is everybody's time: the usual message makes four, and
-- everything else happens once a period or every 32 messages.
local call = redis.call
local meta, period, id = KEYS[2], ARGV[3], ARGV[5]

local known = call('HMGET', meta, 'e', 'x', 'd')
local epoch = known[1]
if not epoch then
  -- By Redis's clock: two lives of a log never begin in the same microsecond.
  local time = call('TIME')
  epoch = string.format('%x', time[1]) .. string.format('%05x', time[2])
  call('DEL', KEYS[1])
  call('HSET', meta, 'e', epoch)
end

if id then
  if known[3] then
    local seen = call('ZSCORE', KEYS[3], id)
    if seen then
      return epoch .. ' ' .. string.format('%d', seen)
    end
  else
    call('DEL', KEYS[3]) -- ids of an earlier life are none of this one's
  end
end

local offset = call('HINCRBY', meta, 'o', 1)
local number = string.format('%d', offset)
local envelope = '{"Offset":' .. number .. ',"Epoch":"' .. epoch .. '",' .. ARGV[2]
call('RPUSH', KEYS[1], envelope)
call('PUBLISH', ARGV[1], envelope)

local tidy = offset % 32 == 0
if id then
  call('ZADD', KEYS[3], number, id)
  if tidy or known[3] ~= period then
    call('ZREMRANGEBYSCORE', KEYS[3], '-inf', string.format('%d', offset - @KEEP@))
    call('PEXPIRE', KEYS[3], '@LIVE@')
    call('HSET', meta, 'd', period)
  end
end

if tidy then
  call('LTRIM', KEYS[1], '-@KEEP@', '-1')
end
if known[2] ~= period then
  local oldest = tonumber(ARGV[4]) - @AGE@
  local first = call('LINDEX', KEYS[1], 0)
  while first and tonumber(string.match(first, '"At":(%d+)') or oldest) < oldest do
    call('LPOP', KEYS[1])
    first = call('LINDEX', KEYS[1], 0)
  end
  call('HSET', meta, 'x', period)
  call('PEXPIRE', KEYS[1], '@LIVE@')
  call('PEXPIRE', meta, '@POSITION@')
end

return epoch .. ' ' .. number

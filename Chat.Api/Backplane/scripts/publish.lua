-- Appends a message to a topic's log and publishes it: one order for everyone, by construction.
-- KEYS[1] log    list of envelopes, oldest first
-- KEYS[2] meta   hash: e epoch, o last offset, x when expiries were last set (ms), d ids key has its expiry
-- KEYS[3] ids    sorted set: sender/message id -> offset; only touched when the client sent an id
-- ARGV[1] channel   [2] the envelope after Offset and Epoch   [3] now, Unix ms   [4] messages to keep
-- ARGV[5] their age, ms   [6] epoch, should the log begin a new life   [7] ms the position outlives the log
-- ARGV[8] sender/message id, optional
-- Returns {epoch, offset, 1 if the id was seen before}. The usual message costs four commands:
-- HMGET, HINCRBY, RPUSH, PUBLISH.
local call = redis.call
local log, meta, ids = KEYS[1], KEYS[2], KEYS[3]
local now, keep, age = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local id = ARGV[8]
local keys_live = age + math.floor(age / 4) -- their expiries are renewed at least every quarter of the age

local known = call('HMGET', meta, 'e', 'x', 'd')
local epoch, touched = known[1], tonumber(known[2] or nil)
if not epoch then
  epoch = ARGV[6]
  call('DEL', log, ids)
  call('HSET', meta, 'e', epoch)
elseif id then
  local seen = call('ZSCORE', ids, id)
  if seen then
    return { epoch, tonumber(seen), 1 }
  end
end

local offset = call('HINCRBY', meta, 'o', 1)
local envelope = '{"Offset":' .. string.format('%.0f', offset) .. ',"Epoch":"' .. epoch .. '",' .. ARGV[2]
call('RPUSH', log, envelope)
call('PUBLISH', ARGV[1], envelope)

if id then
  call('ZADD', ids, offset, id)
  if not known[3] then
    call('HSET', meta, 'd', '1')
    call('PEXPIRE', ids, keys_live)
  end
end

-- In steps, so that the usual message pays nothing.
if offset % 32 == 0 then
  call('LTRIM', log, -keep, -1)
  if call('ZREMRANGEBYSCORE', ids, '-inf', offset - keep) > 0 then
    call('HDEL', meta, 'd') -- with its last member the key itself went, and its expiry with it
  end
end

if not touched or now - touched > age / 4 or now < touched then
  local first = call('LINDEX', log, 0)
  while first and tonumber(string.match(first, '"At":(%d+)') or now) < now - age do
    call('LPOP', log)
    first = call('LINDEX', log, 0)
  end
  call('HSET', meta, 'x', ARGV[3])
  call('HDEL', meta, 'd')
  call('PEXPIRE', log, keys_live)
  call('PEXPIRE', ids, keys_live)
  call('PEXPIRE', meta, ARGV[7])
end

return { epoch, offset, 0 }

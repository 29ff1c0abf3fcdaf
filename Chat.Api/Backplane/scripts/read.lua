-- What a topic's log holds after an offset; also how a subscriber learns where the log stands.
-- KEYS[1] log   [2] meta   [3] ids (see publish.lua)
-- ARGV[1] epoch the reader knows, '' for none   [2] its offset   [3] messages to return at most
-- ARGV[4] ms the position outlives the log   [5] the same for one that has had no message yet: asking for a topic
-- must not cost as much as writing to it
-- An offset beyond the last, in the same epoch, proves that Redis came back with less than it had acknowledged:
-- offsets would be given twice, so a new epoch begins. Only positions that a node saw itself may be passed here.
-- Returns {epoch, last offset, envelope, ...}. Envelopes only if the epoch is the reader's; they may begin after
-- the offset asked for, which the reader sees from their own offsets.
local call = redis.call
local log, meta, ids = KEYS[1], KEYS[2], KEYS[3]

local known = call('HMGET', meta, 'e', 'o')
local epoch, last = known[1], tonumber(known[2] or '0')
local since, limit = tonumber(ARGV[2]), tonumber(ARGV[3])

if not epoch or (epoch == ARGV[1] and since > last) then
  local time = call('TIME')
  epoch = string.format('%x', time[1]) .. string.format('%05x', time[2])
  call('DEL', log, ids)
  call('HDEL', meta, 'x', 'd') -- the next log and ids need expiries of their own
  call('HSET', meta, 'e', epoch, 'o', string.format('%d', last))
  call('PEXPIRE', meta, last > 0 and ARGV[4] or ARGV[5])
end

local reply = { epoch, last }
if epoch == ARGV[1] and since < last and limit > 0 then
  local length = call('LLEN', log)
  local from = since - (last - length)
  if from < 0 then
    from = 0
  end
  for _, envelope in ipairs(call('LRANGE', log, string.format('%d', from), string.format('%d', from + limit - 1))) do
    reply[#reply + 1] = envelope
  end
end
return reply

-- What a topic's log holds after a position; also how a subscriber learns where the log stands.
-- KEYS[1] log   [2] meta (see publish.lua)
-- ARGV[1] epoch the reader knows, '' for none   [2] its offset   [3] messages to return at most
-- ARGV[4] life of Redis   [5] ms the position outlives the log   [6] the same for one that has had no message yet: asking
-- for a topic must not cost as much as writing to it   [7] '1': the reader has seen that this epoch's offsets were given
-- twice, so another begins. The log stays.
-- Returns {epoch, last offset, common, crossed, lives, envelope, ...}.
-- common: up to which offset the reader's epoch and this log are one history; -1: its epoch is not known.
-- lives: those of Redis that began the epochs of the lineage, newest first; the first so many of them were crossed since the
-- reader's epoch. Envelopes follow common or the offset asked for, whichever is less; they may begin later, which the reader
-- sees from their own offsets.
@EPOCH@
local call = redis.call
local log, meta, life = KEYS[1], KEYS[2], ARGV[4]

local known = call('HMGET', meta, 'e', 'o', 'l')
local epoch, last = known[1], tonumber(known[2] or '0')
local since, limit = tonumber(ARGV[2]), tonumber(ARGV[3])
if not epoch or known[3] ~= life then
  epoch = begin(log, meta, epoch, known[2] or '0', life)
elseif ARGV[7] == '1' and epoch == ARGV[1] then
  epoch = begin(log, meta, epoch, known[2] or '0', life)
  call('HDEL', meta, 'p')
end

if not known[1] or ARGV[1] == '' then
  call('PEXPIRE', meta, last > 0 and ARGV[5] or ARGV[6]) -- somebody comes to listen
end

local common, crossed, lives = -1, 0, {}
if epoch == ARGV[1] then
  common = last
end
for ended, at, began in string.gmatch(call('HGET', meta, 'p') or '', '(%w+):(%d+)@(%w+)') do
  lives[#lives + 1] = began
  if ended == ARGV[1] then
    common, crossed = tonumber(at), #lives
  end
end

local reply = { epoch, last, common, crossed, table.concat(lives, ' ') }
local from = math.min(since, common)
if from >= 0 and from < last and limit > 0 then
  from = math.max(0, from - (last - call('LLEN', log)))
  for _, envelope in ipairs(call('LRANGE', log, string.format('%d', from), string.format('%d', from + limit - 1))) do
    reply[#reply + 1] = envelope
  end
end
return reply

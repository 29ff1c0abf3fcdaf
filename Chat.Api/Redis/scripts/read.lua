-- Reads what a topic's log holds after a position. A subscriber also learns from it where the log stands.
-- KEYS[1] log   [2] meta (see publish.lua)
-- ARGV[1] epoch the reader knows, '' for none   [2] its offset; if below zero and without an epoch: this many of the latest
-- [3] messages to return at most
-- ARGV[4] life of Redis   [5] ms the position outlives the log   [6] the same for a log that has had no message yet: asking for a topic
-- must not cost as much as writing to it
-- [7] an epoch to end, if it is still the log's; '' for none
-- [8] why: 'twice', its offsets were given twice; 'hole', readers that come from it are to be told of a loss (Lineage). The log keeps its messages.
-- [9] return messages of at most this many bytes, and one more; 0: any
-- Returns {epoch, last offset, common, crossed, lineage, envelope, ...}.
-- common: up to which offset the reader's epoch and this log are one history; -1: its epoch is not known.
-- lineage: the epochs before, newest first (epoch.lua); crossed says how many of these, from the first, end between the reader's epoch and now.
-- Envelopes follow common or the offset asked for, whichever is less; they may begin later, which the reader sees from their
-- own offsets.
@EPOCH@
local call = redis.call
local log, meta, life = KEYS[1], KEYS[2], ARGV[4]

local known = call('HMGET', meta, 'e', 'o', 'l')
local epoch, last = known[1], known[2] or '0'
local since, limit = tonumber(ARGV[2]), tonumber(ARGV[3])
if epoch and known[3] ~= life and isLate(meta, epoch, life) then
  life = known[3] -- also if an epoch is to begin
end
local isEnded = epoch and epoch == ARGV[7]
if isEnded and ARGV[8] == 'hole' then
  epoch, last = begin(log, meta, epoch, last, life, 'hole')
elseif not epoch or known[3] ~= life then
  epoch, last = begin(log, meta, epoch, last, life)
elseif isEnded then
  epoch, last = begin(log, meta, epoch, last, life)
  call('HDEL', meta, 'p')
end
last = tonumber(last)

if not known[1] or ARGV[1] == '' then
  call('PEXPIRE', meta, last > 0 and ARGV[5] or ARGV[6]) -- somebody comes to listen
end

local common, crossed, entries = -1, 0, 0
local lineage = call('HGET', meta, 'p') or ''
if epoch == ARGV[1] then
  common = last
end
for ended, at in string.gmatch(lineage, '(%w+):(%d+)@%w+') do
  entries = entries + 1
  if ended == ARGV[1] then
    common, crossed = tonumber(at), entries
  end
end

local reply = { epoch, last, common, crossed, lineage }
local from = math.min(since, common)
if ARGV[1] == '' and since < 0 then
  from = math.max(0, last + since)
end
if from >= 0 and from < last and limit > 0 then
  from = math.max(0, from - (last - call('LLEN', log)))
  local room, step, stop = tonumber(ARGV[9]), limit, from + limit
  if room > 0 then
    step = 8 -- most readers have missed few
  else
    room = math.huge
  end
  while from < stop and room > 0 do
    local piece = call('LRANGE', log, string.format('%d', from), string.format('%d', math.min(from + step, stop) - 1))
    for _, envelope in ipairs(piece) do
      if room > 0 then
        reply[#reply + 1] = envelope
        room = room - #envelope
      end
    end
    if #piece < step then
      break
    end
    from, step = from + step, step * 2
  end
end
return reply

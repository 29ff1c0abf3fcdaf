-- Step 2 of a message's path. Appends a message to a topic's log and publishes it: one order for everyone, by construction.
-- KEYS[1] log    list of envelopes, oldest first
-- KEYS[2] meta   hash: e epoch, l the life of Redis it began in, k the life before, p its lineage (epoch.lua), o last offset,
--                b bytes ever appended, x the period in which expiries were last renewed, m marks: "offset:time:bytes "
--                each, oldest first, i offset at which ids were last tidied, n messages that came once more, r how many users
--                have left the group in each of the latest periods: "period:count " each
-- KEYS[last] ids sorted set: sender/message id -> offset; only with that id
-- ARGV[1] channel   [2] the envelope after Offset and Epoch   [3] period by the node's clock: a quarter of the log's age
-- ARGV[4] life of Redis, as the link it came by knows it   [last] sender/message id, optional
-- Returns "epoch offset". For a message that was there already, the number of this repetition follows, and the epoch in which the message is.
-- @TELL@ publishes to the nodes: by PUBLISH, or by SPUBLISH to a sharded channel, which is in the slot of the keys.
-- Names in capitals between two @ are replaced by values, per kind of topic (RedisScript).
-- Lines that begin with --- are only in the script for removals, which have a place in the log but do not count towards its length.
-- Lines that begin with --* are only in the script for deletions, which has those of removals as well. It overwrites a message's entry in the log,
-- and what it appends is the notice of that. Nodes get no envelope of it over a channel, where seed nodes would take it for a message: they are told on
-- the channel of heads how far the log goes now, and those that have the topic read on. It has four more arguments at its end: the channel of heads,
-- the topic's name, and the epoch and offset of the message. It returns 0 if the log does not have that message. If the message is deleted already,
-- it returns what it would for a message that was there already: the position of the notice.
-- Lines that begin with --+ are only in the script for topics whose messages are told to a backend. That script has two more keys, and
-- one more argument before the last:
-- KEYS[3] queue   [4] its state (event.lua)   ARGV[5] the channel of the nodes that work on it
-- Redis is one thread for everybody, so each call here takes everybody's time. The usual message makes four calls; everything else happens once a
-- period or every 32 messages. Only Redis's clock counts. The node's clock, which may be wrong, only says when to look at it.
@EPOCH@
--+ @EVENT@
local call = redis.call
local log, meta, life, id = KEYS[1], KEYS[2], ARGV[4], ARGV[@ID@]

local known = call('HMGET', meta, 'e', 'l', 'o', 'b', 'x', 'i')
local epoch, last = known[1], known[3] or '0'
--* if not epoch then
--*   return 0
--* end
if not epoch or (known[2] ~= life and not isLate(meta, epoch, life)) then
  epoch, last = begin(log, meta, epoch, last, life)
end
--* local stands, place = ARGV[#ARGV - 1], tonumber(ARGV[#ARGV]) - tonumber(last) - 1
--* local entry = place < 0 and call('LINDEX', log, string.format('%d', place)) or ''
--* local head, name, rest = string.match(entry, '^{"Offset":(%d+,"Epoch":"%w+","At":%d+,"Id":"([^"]*)")(.*)$')
--* if not head or string.find(head, ARGV[#ARGV] .. ',"Epoch":"' .. stands .. '"', 1, true) ~= 1 then
--*   return 0
--* end
--* local kind, text = string.match(rest, '"Kind":"(%w+)".*"Msg":"([^"]*)"}$') -- no quote inside a string of JSON stands without a backslash before it
--* if kind == 'gone' then
--*   local since, notice = string.match(text, '(%w+):(%d+)')
--*   return epoch .. ' ' .. notice .. ' ' .. string.format('%d', call('HINCRBY', meta, 'n', 1)) .. ' ' .. since
--* end
--* if kind then
--*   return 0
--* end

if id then
  if known[6] then
    local seen = call('ZSCORE', KEYS[@IDS@], id)
    if seen then
      local stands = epoch
      for ended, last in string.gmatch(call('HGET', meta, 'p') or '', '(%w+):(%d+)@') do
        if tonumber(seen) > tonumber(last) then
          break
        end
        stands = ended
      end
      -- Written down, so that this acknowledgement is a write, too: the last acknowledgement shows what a later life of Redis has lost.
      return epoch .. ' ' .. string.format('%d', seen) .. ' ' .. string.format('%d', call('HINCRBY', meta, 'n', 1)) .. ' ' .. stands
    end
  else
    call('DEL', KEYS[@IDS@]) -- ids of a position that is gone do not belong to this one
  end
end

local offset = tonumber(last) + 1
local number = string.format('%d', offset)
local envelope = '{"Offset":' .. number .. ',"Epoch":"' .. epoch .. '",' .. ARGV[2]
--* envelope = string.sub(envelope, 1, -3) .. ':' .. name .. '"}'
local bytes = (tonumber(known[4]) or 0) + #envelope
call('RPUSH', log, envelope)
call('HSET', meta, 'o', number, 'b', string.format('%d', bytes))
--* call('LSET', log, string.format('%d', place - 1), '{"Offset":' .. head .. ',"Kind":"gone","FromId":"-","Msg":"' .. epoch .. ':' .. number .. '"}')
call(@TELL@)
--+ event(KEYS[3], KEYS[4], ARGV[5], ARGV[1], @QUEUE@, @QUEUEBYTES@, envelope)
--- local removed = call('TIME')
--- local now = math.floor((removed[1] * 1000 + math.floor(removed[2] / 1000)) * 4 / @AGE@)
--- local here, before = 1, ''
--- for period, count in string.gmatch(call('HGET', meta, 'r') or '', '(%d+):(%d+) ') do
---   if tonumber(period) == now then
---     here = here + tonumber(count)
---   elseif tonumber(period) >= now - 4 then
---     before = before .. period .. ':' .. count .. ' '
---   end
--- end
--- call('HSET', meta, 'r', before .. string.format('%d:%d ', now, here))

local step = offset % 32 == 0 or #envelope > @LARGE@
local renew = false
if step or known[5] ~= ARGV[3] then
  local time = call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local period = string.format('%d', math.floor(now * 4 / @AGE@))
  renew = known[5] ~= period
  if renew then
    call('HSET', meta, 'x', period)
    call('PEXPIRE', log, '@LIVE@')
    call('PEXPIRE', meta, '@POSITION@')
    if known[6] and not id then
      call('HSET', meta, 'i', '0') -- the next id renews their expiry
    end
  end

  if step or renew then
    -- A mark says that everything up to its offset is older than its time. Messages over the count go if they are older than the window.
    -- Messages over the age, the most messages or the bytes go in any case.
    local noted, others = call('HMGET', meta, 'm', 'r'), 0
    for when, count in string.gmatch(noted[2] or '', '(%d+):(%d+) ') do
      if tonumber(when) >= tonumber(period) - 4 then
        others = others + tonumber(count)
      end
    end
    others = math.min(others, @REMOVALS@)
    local cut, over, kept, base = offset - @MOST@ - others, false, '', ''
    local lastTime, lastBytes
    for at, when, size in string.gmatch(noted[1] or '', '(%d+):(%d+):(%d+) ') do
      local mark = at .. ':' .. when .. ':' .. size .. ' '
      at, lastTime, lastBytes = tonumber(at), tonumber(when), tonumber(size)
      if lastTime <= now - @AGE@ or over or bytes - lastBytes > @BYTES@ then
        cut = math.max(cut, at)
      elseif lastTime <= now - @WINDOW@ then
        cut = math.max(cut, math.min(at, offset - @KEEP@ - others))
      end
      over = bytes - lastBytes > @BYTES@
      if at <= cut then
        base, kept = mark, ''
      else
        kept = kept .. mark
      end
    end

    if not lastTime or lastTime <= now - @MARKTIME@ or lastBytes <= bytes - @MARKBYTES@ then
      kept = kept .. number .. ':' .. string.format('%d', now) .. ':' .. string.format('%d', bytes) .. ' '
    end
    call('HSET', meta, 'm', base .. kept)
    if cut > 0 then
      call('LTRIM', log, string.format('%d', cut - offset), '-1')
    end
  end
end

if id then
  call('ZADD', KEYS[@IDS@], number, id)
  if step or renew or not known[6] or known[6] == '0' or tonumber(known[6]) + 32 <= offset then
    call('ZREMRANGEBYSCORE', KEYS[@IDS@], '-inf', string.format('%d', offset - call('LLEN', log)))
    call('PEXPIRE', KEYS[@IDS@], '@LIVE@')
    call('HSET', meta, 'i', number)
  end
end

return epoch .. ' ' .. number

-- Inserted into publish.lua and read.lua: begins an epoch of a log, and returns the epoch and the last offset.
-- When an epoch ends because Redis is in another life (a restart, a promoted replica), its offsets continue in the next one. The log
-- keeps its messages, and the lineage says up to where the two epochs are one history.
-- why: what the lineage has in the place of the life, if the life is not the reason.
local function begin(log, meta, ended, last, life, why)
  -- By Redis's clock: two epochs of a log never begin in the same microsecond.
  local time = redis.call('TIME')
  local epoch = string.format('%x', time[1]) .. string.format('%05x', time[2])
  if not ended then
    redis.call('DEL', log) -- its position is gone: offsets begin at 1
    redis.call('HSET', meta, 'e', epoch, 'l', life)
    return epoch, '0'
  end

  -- A Garnet that was killed may come back with half of what a script had written: with a message, but without its offset. The message keeps its
  -- offset. Otherwise the next one would get the same, and whoever reads both would take the next one for the message that it already has.
  local tail = redis.call('LINDEX', log, -1)
  local written = tail and string.match(tail, '^{"Offset":(%d+),')
  if written and tonumber(written) > tonumber(last) then
    last = written
    redis.call('HSET', meta, 'o', last)
  end

  local lineage, entries = ended .. ':' .. last .. '@' .. (why or life), 1
  for entry in string.gmatch(redis.call('HGET', meta, 'p') or '', '%S+') do
    if entries < 8 then
      lineage, entries = lineage .. ' ' .. entry, entries + 1
    end
  end
  local left = redis.call('HGET', meta, 'l')
  if left and left ~= life then
    redis.call('HSET', meta, 'k', left)
  end
  redis.call('HSET', meta, 'e', epoch, 'l', life, 'p', lineage)
  return epoch, last
end

-- Whether a caller whose life is not the log's is only late. Redis takes a new replication id under open connections, for example when its first
-- replica comes. Nodes notice that one after the other, each at its next tick. So for a moment, the caller may be in the life that the log has just
-- left (k). Only for a moment: a slot that comes back to a server comes back to that server's life, whatever was lost at another one meanwhile.
local function isLate(meta, epoch, life)
  if life == '0000000000000000' or redis.call('HGET', meta, 'k') ~= life then
    return false
  end
  local seconds = redis.call('TIME')[1] - (tonumber(string.sub(epoch, 1, -6), 16) or 0) -- since the epoch began
  return seconds >= 0 and seconds < 15
end

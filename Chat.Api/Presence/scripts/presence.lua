-- Reports how many connections users have in a topic on one node, and tells the topic's watchers who came and who went.
-- KEYS[1] here   hash: user -> " node connections" once for each node where the user has some. Under \1, which is no user's name, the
--    version: it grows by one with each change that is told. It begins with the microsecond, so that it never goes back.
-- ARGV[1] the node   [2] '1': the users given are all that the node has   [3] the watchers' channel   [4] most users to name
-- ARGV[5] ms after which an untouched record expires   [6] PUBLISH, or SPUBLISH to a sharded channel   [7...] pairs of user and connections
-- If a backend is told who comes and goes: KEYS[2] queue   [3] its state, and before the pairs ARGV[7...10] the other arguments of event.lua
-- Returns -1 and does nothing if all users that the node has are given, and the topic has more than @PIECE@ users: Redis could do nothing else
-- meanwhile. The caller then reports them in pieces.
-- The message to the watchers has one line each for the version, the number of users and, unless there are too many, each change, as "+user" or
-- "-user".
@EVENT@
local call = redis.call
local here, node, most = KEYS[1], ARGV[1], tonumber(ARGV[4])
local changes = {}

if ARGV[2] == '1' and call('HLEN', here) > @PIECE@ then
  return -1
end

local function report(user, connections)
  local known = call('HGET', here, user)
  local others = known and string.gsub(known, ' ' .. node .. ' %d+', '') or ''
  local now = connections == '0' and others or others .. ' ' .. node .. ' ' .. connections
  if now ~= '' then
    if now ~= known then
      call('HSET', here, user, now)
    end
    if not known then
      changes[#changes + 1] = '+' .. user
    end
  elseif known then
    call('HDEL', here, user)
    changes[#changes + 1] = '-' .. user
  end
end

local given = {}
for i = KEYS[2] and 11 or 7, #ARGV, 2 do
  given[ARGV[i]] = true
  report(ARGV[i], ARGV[i + 1])
end

if ARGV[2] == '1' then
  local all = call('HGETALL', here)
  for i = 1, #all, 2 do
    if not given[all[i]] and string.find(all[i + 1], ' ' .. node .. ' ', 1, true) then
      report(all[i], '0')
    end
  end
end

if #changes > 0 then
  local version = call('HGET', here, '\1')
  if version then
    version = string.format('%.0f', tonumber(version) + 1)
  else
    local time = call('TIME')
    version = string.format('%.0f', tonumber(time[1]) * 1000000 + tonumber(time[2]))
  end
  call('HSET', here, '\1', version)
  local count = call('HLEN', here) - 1
  local news = version .. '\n' .. string.format('%d', count)
  if count <= most then
    news = news .. '\n' .. table.concat(changes, '\n')
  end
  call(ARGV[6], ARGV[3], news)
  if KEYS[2] then
    local time = call('TIME')
    for _, change in ipairs(changes) do
      local word = string.sub(change, 1, 1) == '+' and 'came ' or 'went '
      event(KEYS[2], KEYS[3], ARGV[7], ARGV[8], tonumber(ARGV[9]), tonumber(ARGV[10]),
        word .. string.format('%.0f ', tonumber(time[1]) * 1000000 + tonumber(time[2])) .. string.sub(change, 2))
    end
  end
  if count == 0 then
    return call('DEL', here)
  end
end
return call('PEXPIRE', here, ARGV[5])

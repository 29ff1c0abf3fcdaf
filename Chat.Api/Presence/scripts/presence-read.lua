-- Who is in a topic.
-- KEYS[1] here (see presence.lua)   ARGV[1] users named at most
-- Returns the version, how many users there are, and, unless these are too many, user, connections, user, connections...
local call = redis.call
local version = call('HGET', KEYS[1], '\1')
local count = call('HLEN', KEYS[1]) - (version and 1 or 0)
local reply = { version or '0', count }
if count <= tonumber(ARGV[1]) then
  local all = call('HGETALL', KEYS[1])
  for i = 1, #all, 2 do
    if all[i] ~= '\1' then
      local connections = 0
      for number in string.gmatch(all[i + 1], ' %w+ (%d+)') do
        connections = connections + tonumber(number)
      end
      reply[#reply + 1] = all[i]
      reply[#reply + 1] = connections
    end
  end
end
return reply

-- Inserted into the scripts in which something happens that is told to a backend (Events/): puts it at the end of the topic's queue.
-- If the queue holds too much, the oldest events go. If it was empty, the nodes that work on it are woken.
-- queue: list of events, oldest first   state: hash: b bytes in the queue, d dropped so far, t how many of these a node has reported (events-told.lua)
local function event(queue, state, channel, topic, most, bytes, text)
  local length = redis.call('RPUSH', queue, text)
  local size = #text
  if length == 1 then
    redis.call('HSET', state, 'b', size)
    redis.call('PEXPIRE', queue, '2592000000') -- 30 days after anybody has looked at it
    redis.call('PEXPIRE', state, '2592000000')
    redis.call('PUBLISH', channel, topic)
  else
    size = redis.call('HINCRBY', state, 'b', size)
  end
  while length > 1 and (length > most or size > bytes) do
    size = redis.call('HINCRBY', state, 'b', -#redis.call('LPOP', queue))
    redis.call('HINCRBY', state, 'd', 1)
    length = length - 1
  end
end

-- Marks a topic as one whose queue of events may hold something (EventMarks).
-- KEYS[1] topics   sorted set: topic, scored by the time of its latest mark, ms by Redis's clock   ARGV[1] topic
local time = redis.call('TIME')
return redis.call('ZADD', KEYS[1], string.format('%.0f', tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)), ARGV[1])

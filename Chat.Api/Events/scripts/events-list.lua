-- Returns the marked topics of a partition (see EventMarks).
-- KEYS[1] topics (events-mark.lua)   ARGV[1] the first to return, counted from 0   [2] the last
-- Returns ms by Redis's clock, topic, time of its mark, topic, time...
local time = redis.call('TIME')
local reply = redis.call('ZRANGE', KEYS[1], ARGV[1], ARGV[2], 'WITHSCORES')
table.insert(reply, 1, string.format('%.0f', tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)))
return reply

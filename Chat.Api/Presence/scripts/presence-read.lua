-- Returns how many users are in a topic. Their names are read without a script, in which Redis would do nothing else for milliseconds.
-- KEYS[1] here (see presence.lua)
-- Returns the version, and how many users there are
local version = redis.call('HGET', KEYS[1], '\1')
return { version or '0', redis.call('HLEN', KEYS[1]) - (version and 1 or 0) }

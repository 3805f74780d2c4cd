-- The end of attempt.lua: notes for the watch that a code was shown.

local prefix = read_prefix(redis.call('GET', KEYS[2]), now)
prefix.shown = prefix.shown + 1
keep_prefix(KEYS[2], prefix)
redis.call('SET', KEYS[3], now + VERIFIED, 'PX', VERIFIED / 1000)
return ACCEPTED

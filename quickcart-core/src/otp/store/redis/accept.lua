-- The end of attempt.lua: notes for the watch that a code was shown.

-- Messages to who was verified before were not counted, so their codes are not, either.
local verified = redis.call('SET', KEYS[4], now + VERIFIED, 'PX', VERIFIED / 1000, 'GET')
local prefix = redis.call('GET', KEYS[3])
if prefix and not (verified and now < tonumber(verified)) then
  prefix = read_prefix(prefix, now)
  prefix.shown = prefix.shown + 1
  keep_prefix(KEYS[3], prefix)
end
return ACCEPTED

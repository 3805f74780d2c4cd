-- Judges a code, as one would write it for one service: compares; counts a wrong one and locks after five, and for a day
-- after twenty; deletes the challenge of a right one, and notes for the watch that a code was shown.
-- It binds nothing else: see minimal_issue.lua.
-- KEYS: challenge, prefix, verified. ARGV: now, answer.

local DAY, GRACE, HALF_LIFE, VERIFIED = 86400000000, 60000000, 600000000, 7776000000000

local now = tonumber(ARGV[1])
local c = redis.call('HMGET', KEYS[1], 'answer', 'expires', 'failures', 'failed')
if not c[1] or now >= tonumber(c[2]) then return 'not found' end

if c[1] ~= ARGV[2] then
  local failures = 1
  if c[3] and now < tonumber(c[4]) + DAY then failures = tonumber(c[3]) + 1 end
  redis.call('HSET', KEYS[1], 'failures', failures, 'failed', now)
  if failures >= 20 or failures % 5 == 0 then
    local lock = failures >= 20 and DAY or 60000000 * 2 ^ (failures / 5 - 1)
    redis.call('HSET', KEYS[1], 'locked', now + lock)
    redis.call('HDEL', KEYS[1], 'answer')
  end
  redis.call('PEXPIRE', KEYS[1], DAY / 1000)
  return 'wrong'
end

redis.call('DEL', KEYS[1])
local w = redis.call('HMGET', KEYS[2], 'fresh', 'judged', 'shown', 'grace', 'half_life')
local fresh, judged, shown = tonumber(w[1] or 0), tonumber(w[2] or 0), tonumber(w[3] or 0)
local grace, half_life = math.floor(now / GRACE), math.floor(now / HALF_LIFE)
if w[4] and grace > tonumber(w[4]) then
  judged, fresh = judged + fresh, 0
end
if w[5] and half_life > tonumber(w[5]) then
  local halves = 0.5 ^ (half_life - tonumber(w[5]))
  judged, shown = judged * halves, shown * halves
end
redis.call('HSET', KEYS[2], 'fresh', fresh, 'judged', judged, 'shown', shown + 1, 'grace', grace, 'half_life', half_life)
redis.call('PEXPIRE', KEYS[2], 7 * HALF_LIFE / 1000)
redis.call('SET', KEYS[3], now + VERIFIED, 'PX', VERIFIED / 1000)
return 'accepted'

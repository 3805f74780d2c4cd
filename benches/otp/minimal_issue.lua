-- Issues a code, as one would write it for one service, a key for each thing:
-- the same answer again for a known idempotency key; no code while locked or cooling down; five limits of the generic cell
-- rate algorithm, all or none; the watch for pumping, with its decay by halves; then the challenge, replacing an older one.
-- It binds nothing else: no nonce, no transaction, no key id, no run of the server, no marker against loss of data, and no
-- preview or repeated code.
-- KEYS: challenge, idempotency, prefix, verified, five limits.
-- ARGV: now, id, answer, expires, four cooldowns, number, then quota and cost of each limit, all times in microseconds.

local DAY, GRACE, HALF_LIFE, CLOSED = 86400000000, 60000000, 600000000, 3600000000

local now, expires = tonumber(ARGV[1]), tonumber(ARGV[4])
local known = redis.call('GET', KEYS[2])
if known then return { 'replayed', known } end

local c = redis.call('HMGET', KEYS[1], 'expires', 'sends', 'sent', 'locked', 'failures', 'failed')
if c[4] and now < tonumber(c[4]) then return { 'locked', c[4] } end
local sends = 0
if c[1] and now < tonumber(c[1]) then
  sends = tonumber(c[2])
  local cool = tonumber(c[3]) + tonumber(ARGV[4 + math.min(sends, 4)])
  if now < cool then return { 'cooling down', cool } end
end

local full = {}
for i = 1, 5 do
  local quota, cost = tonumber(ARGV[8 + 2 * i]), tonumber(ARGV[9 + 2 * i])
  local after = math.max(tonumber(redis.call('GET', KEYS[4 + i]) or 0), now) + cost
  if after - quota > now then return { 'limited', i, after - quota } end
  full[i] = after
end

local verified = redis.call('GET', KEYS[4])
if not (verified and now < tonumber(verified)) then
  local number = tonumber(ARGV[9])
  local w = redis.call('HMGET', KEYS[3], 'fresh', 'judged', 'shown', 'grace', 'half_life', 'last', 'run', 'closed')
  local fresh, judged, shown = tonumber(w[1] or 0), tonumber(w[2] or 0), tonumber(w[3] or 0)
  local grace, half_life = math.floor(now / GRACE), math.floor(now / HALF_LIFE)
  local run = tonumber(w[7] or 0)
  if w[8] and now < tonumber(w[8]) then return { 'suspected', w[8] } end
  if w[4] and grace > tonumber(w[4]) then
    judged, fresh = judged + fresh, 0
  end
  if w[5] and half_life > tonumber(w[5]) then
    local halves = 0.5 ^ (half_life - tonumber(w[5]))
    judged, shown = judged * halves, shown * halves
  end
  local gap = math.abs(number - tonumber(w[6] or 0))
  if gap > 5 then run = 0 elseif gap > 0 then run = run + 1 end
  if run >= 15 or (shown < 0.5 and fresh + judged >= 28) or (judged >= 20 and shown < 0.1 * judged) then
    redis.call('HSET', KEYS[3], 'fresh', 0, 'judged', 0, 'shown', 0, 'run', 0, 'closed', now + CLOSED)
    redis.call('PEXPIRE', KEYS[3], 7 * HALF_LIFE / 1000)
    return { 'suspected', now + CLOSED }
  end
  redis.call('HSET', KEYS[3], 'fresh', fresh + 1, 'judged', judged, 'shown', shown, 'grace', grace,
    'half_life', half_life, 'last', number, 'run', run)
  redis.call('PEXPIRE', KEYS[3], 7 * HALF_LIFE / 1000)
end

for i = 1, 5 do
  redis.call('SET', KEYS[4 + i], full[i], 'PX', math.ceil((full[i] - now) / 1000))
end
local lifetime_ms = math.ceil((expires - now) / 1000)
redis.call('HSET', KEYS[1], 'id', ARGV[2], 'answer', ARGV[3], 'expires', ARGV[4], 'sends', sends + 1, 'sent', now)
local remembered = c[5] and tonumber(c[6]) + DAY > expires
redis.call('PEXPIRE', KEYS[1], remembered and math.ceil((tonumber(c[6]) + DAY - now) / 1000) or lifetime_ms)
redis.call('SET', KEYS[2], ARGV[2], 'PX', lifetime_ms)
return { 'issued', expires, full[1], full[2], full[3], full[4], full[5] }

-- Judges a step of an authenticator and keeps the outcome, as Subject::take_step does.
-- KEYS: marker, subject. ARGV: now, run, step (or empty), wrong codes in a round.

local now, run = tonumber(ARGV[1]), ARGV[2]
local values = redis.call('MGET', KEYS[1], KEYS[2])
if not values[1] then return { FORGOTTEN } end
local s, is_stale = read_subject(values[2], run, now)
if now < s.locked then return { STEP_LOCKED, s.locked } end
local step = tonumber(ARGV[3])
-- After data was lost nobody knows which steps were used: the first one that is shown then is not accepted, nor any before.
local lost_at = tonumber(values[1])
if not values[2] and lost_at > 0 and tonumber(redis.call('TIME')[1]) < lost_at + STEP_KEPT / 1000000 then is_stale = true end
if is_stale and step then
  s.step, s.stepped = math.max(s.step, step), now
  keep_subject(KEYS[2], s, run, now)
  return { NOT_FOUND, 0 }
end
if step and step <= s.step then return { NOT_FOUND, 0 } end
if step then
  s.step, s.stepped, s.failures, s.sends, s.expires, s.locked = step, now, 0, 0, 0, 0
else
  s.failures, s.failed = math.min(s.failures + 1, 65535), now
  local lock = lock_after(s.failures, tonumber(ARGV[4]))
  if lock > 0 then s.locked, s.expires = now + lock, 0 end
end
keep_subject(KEYS[2], s, run, now)
return { step and ACCEPTED or WRONG, 0 }

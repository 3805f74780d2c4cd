-- Judges a step of an authenticator and keeps the outcome, as Subject::take_step does.
-- KEYS: subject. ARGV: now, run, step (or empty), wrong codes in a round.

local now, run = tonumber(ARGV[1]), ARGV[2]
local s = read_subject(redis.call('GET', KEYS[1]), run, now)
if now < s.locked then return { STEP_LOCKED, s.locked } end
local step = tonumber(ARGV[3])
if step and step <= s.step then return { NOT_FOUND, 0 } end
if step then
  s.step, s.stepped, s.failures, s.sends, s.expires, s.locked = step, now, 0, 0, 0, 0
else
  fail(s, tonumber(ARGV[4]), now)
end
keep_subject(KEYS[1], s, run, now)
return { step and ACCEPTED or WRONG, 0 }

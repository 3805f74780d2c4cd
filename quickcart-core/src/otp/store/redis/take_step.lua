-- Judges a step of an authenticator and keeps the outcome, as Subject::take_step does.
-- KEYS: marker, subject. ARGV: now, run, step (or empty), wrong codes in a round.

local now, run = tonumber(ARGV[1]), ARGV[2]
local values = redis.call('MGET', KEYS[1], KEYS[2])
if string.sub(values[1] or '', 1, 8) ~= run then return { FORGOTTEN } end
-- Steps that were used may be forgotten after a restart, a failover or a loss: until none of them works any more, none is
-- accepted at all.
local began = tonumber(string.match(values[1], ':(%d+)$'))
if began > 0 and tonumber(redis.call('TIME')[1]) < began + STEP_LIFE / 1000000 then return { STEP_TOO_EARLY, 0 } end
local s = read_subject(values[2], run, now)
if now < s.locked then return { STEP_LOCKED, s.locked } end
local step = tonumber(ARGV[3])
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

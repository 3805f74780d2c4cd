-- Judges a code and keeps the outcome, as Subject::attempt does. What follows after prefix.lua is in accept.lua.
-- KEYS: marker, subject, prefix, verified; the subject stands in where nothing is watched.
-- ARGV: one string, for each argument takes time on both sides: now, run, nonce, wrong codes in a round, whether to watch, then a
-- key id and an answer for each live key.
-- Digests are compared as they are: they are keyed, so how long that takes tells nothing about the code.
-- Here a subject is no table, and what does not change of it is not taken apart: both would take longer than the rest.

local now, run, nonce_shown, attempts_max, watched, at = struct.unpack('>dc8c16BB', ARGV[1])
local values = redis.call('MGET', KEYS[1], KEYS[2])
if string.sub(values[1] or '', 1, 8) ~= run then return { FORGOTTEN } end
local value = values[2]
if not value then return NOT_FOUND end
local key_id, answer, nonce, of_run, failures, sends, expires, failed, locked, sent, step, stepped =
  struct.unpack('>Bxxxxxxxxxxxxxxxxc16c16xxxxxxxxxxxxxxxxc8HHdddddd', value)
if of_run ~= run or now >= expires or nonce ~= nonce_shown then return NOT_FOUND end

-- A key that the caller does not have (yet, or any more) makes no guess wrong.
local known, right = false, false
while at <= #ARGV[1] do
  local id, shown
  id, shown, at = struct.unpack('Bc16', ARGV[1], at)
  if key_id == id then known, right = true, answer == shown end
end
if not known then return NOT_FOUND end
if right then
  failures, sends, expires, locked = 0, 0, 0, 0
else
  if now >= failed + LOCK_LAST then failures = 0 end
  failures, failed = math.min(failures + 1, 65535), now
  local lock = lock_after(failures, attempts_max)
  if lock > 0 then expires, locked = 0, now + lock end
end

local forget = forget_at(failures, sends, expires, failed, locked, sent, step, stepped)
if forget <= now then
  redis.call('DEL', KEYS[2])
else
  -- In place, which takes less than a new value.
  redis.call('SETRANGE', KEYS[2], 73, struct.pack('>HHdddddd', failures, sends, expires, failed, locked, sent, step, stepped))
  redis.call('PEXPIRE', KEYS[2], math.ceil((forget - now) / 1000))
end
if not right then return WRONG end
if watched == 0 then return ACCEPTED end

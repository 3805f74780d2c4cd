-- Judges a code and keeps the outcome, as Subject::attempt does.
-- KEYS: subject, prefix, verified; the subject stands in where nothing is watched.
-- ARGV: now, run, nonce, wrong codes in a round, whether to watch, then a key id and an answer for each live key.
-- Digests are compared as they are: they are keyed, so how long that takes tells nothing about the code.

local now, run = tonumber(ARGV[1]), ARGV[2]
local value = redis.call('GET', KEYS[1])
if not value then return NOT_FOUND end
local s = read_subject(value, run, now)
if s.expires == 0 or s.nonce ~= ARGV[3] then return NOT_FOUND end
for index = 6, #ARGV, 2 do
  if s.key_id == tonumber(ARGV[index]) and s.answer == ARGV[index + 1] then
    s.failures, s.sends, s.expires, s.locked = 0, 0, 0, 0
    keep_subject(KEYS[1], s, run, now)
    if ARGV[5] == '1' then
      local prefix = read_prefix(redis.call('GET', KEYS[2]), now)
      prefix.shown = prefix.shown + 1
      keep_prefix(KEYS[2], prefix)
      redis.call('SET', KEYS[3], string.format('%.0f', now + VERIFIED), 'PX', VERIFIED / 1000)
    end
    return ACCEPTED
  end
end
fail(s, tonumber(ARGV[4]), now)
keep_subject(KEYS[1], s, run, now)
return WRONG

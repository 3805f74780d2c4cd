-- Takes back what was granted, as MemoryOtpStore does.
-- KEYS: subject, idempotency (or subject), charges... ARGV: now, run, challenge id, whether it is the request's own, when it
-- was granted, whether there is an idempotency key, the cost of each charge.

local now, run, id = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local s = read_subject(redis.call('GET', KEYS[1]), run, now)
if s.expires > 0 and s.id == id and s.sent == tonumber(ARGV[5]) then
  s.sends = math.max(s.sends - 1, 0)
  s.sent = 0
  if ARGV[4] == '1' then s.expires = 0 end
  keep_subject(KEYS[1], s, run, now)
end
if ARGV[6] == '1' then
  local replay = redis.call('GET', KEYS[2])
  if replay and string.sub(replay, REPLAY_ID, REPLAY_ID + 15) == id then redis.call('DEL', KEYS[2]) end
end
for index = 3, #KEYS do
  local full = redis.call('GET', KEYS[index])
  if full then
    redis.call('SET', KEYS[index], string.format('%.0f', tonumber(full) - tonumber(ARGV[4 + index])), 'KEEPTTL')
  end
end

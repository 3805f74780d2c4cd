-- Takes back what was granted, as MemoryOtpStore does.
-- KEYS: subject, idempotency, prefix, verified, charges...; the subject stands in for what the request does not have.
-- ARGV: when it was granted, run, challenge id, whether that is the request's own, whether to watch, whether there is an
-- idempotency key, what is still taken of each charge.

local now, run, id = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local s = read_subject(redis.call('GET', KEYS[1]), run, now)
if s.expires > 0 and s.id == id and s.sent == now then
  s.sends = math.max(s.sends - 1, 0)
  s.sent = 0
  if ARGV[4] == '1' then s.expires = 0 end
  keep_subject(KEYS[1], s, run, now)
end
if ARGV[5] == '1' then
  local verified = redis.call('GET', KEYS[4])
  local value = redis.call('GET', KEYS[3])
  if value and not (verified and now < tonumber(verified)) then
    local prefix = read_prefix(value, 0)
    prefix.fresh = math.max(prefix.fresh - 1, 0)
    prefix.run = math.max(prefix.run - 1, 0)
    keep_prefix(KEYS[3], prefix)
  end
end
if ARGV[6] == '1' then
  local replay = redis.call('GET', KEYS[2])
  if replay and string.sub(replay, REPLAY_ID, REPLAY_ID + 15) == id then redis.call('DEL', KEYS[2]) end
end
for index = 5, #KEYS do
  local full = redis.call('GET', KEYS[index])
  if full then
    redis.call('SET', KEYS[index], string.format('%.0f', tonumber(full) - tonumber(ARGV[2 + index])), 'KEEPTTL')
  end
end

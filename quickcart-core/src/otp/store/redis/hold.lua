-- Keeps who holds the code of a pending challenge. KEYS: subject, holder. ARGV: now, run, challenge id, holder or nothing.
-- The holder's entry begins with the run, the challenge's id and its end.

local now = tonumber(ARGV[1])
local s = read_subject(redis.call('GET', KEYS[1]), ARGV[2], now)
-- Another challenge may have taken its place: whoever holds that one goes on holding it.
if s.expires == 0 or s.id ~= ARGV[3] then return end
if ARGV[4] == '' then
  redis.call('DEL', KEYS[2])
else
  local entry = struct.pack('>c8c16d', ARGV[2], s.id, s.expires) .. ARGV[4]
  redis.call('SET', KEYS[2], entry, 'PX', math.ceil((s.expires - now) / 1000))
end

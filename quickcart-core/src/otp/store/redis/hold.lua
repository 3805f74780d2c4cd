-- Keeps who holds the code of a pending challenge. KEYS: subject, holder. ARGV: now, run, challenge id, holder or nothing.

local now = tonumber(ARGV[1])
local s = read_subject(redis.call('GET', KEYS[1]), ARGV[2], now)
if s.expires == 0 then return end
if s.id == ARGV[3] and ARGV[4] ~= '' then
  redis.call('SET', KEYS[2], s.id .. ARGV[4], 'PX', math.ceil((s.expires - now) / 1000))
else
  redis.call('DEL', KEYS[2])
end

-- The pending challenge, when somebody holds its code: id, key id, nonce, holder. KEYS: subject, holder. ARGV: now, run.

local s = read_subject(redis.call('GET', KEYS[1]), ARGV[2], tonumber(ARGV[1]))
local holder = s.expires > 0 and redis.call('GET', KEYS[2])
if not holder or string.sub(holder, 1, 16) ~= s.id then return {} end
return { s.id, s.key_id, s.nonce, string.sub(holder, 17) }

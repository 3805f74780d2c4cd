-- The pending challenge, when somebody holds its code: id, key id, nonce, holder. KEYS: subject, holder. ARGV: now, run.

local s = read_subject(redis.call('GET', KEYS[1]), ARGV[2], tonumber(ARGV[1]))
local entry = s.expires > 0 and redis.call('GET', KEYS[2])
if not entry or string.sub(entry, 9, 24) ~= s.id then return {} end
return { s.id, s.key_id, s.nonce, string.sub(entry, 33) }

-- Accepts a challenge whose holder has found the code right. What follows after prefix.lua is in accept.lua.
-- KEYS: holder, subject, prefix, verified; the subject stands in where nothing is watched.
-- ARGV: now, run, challenge id, -, whether to watch: the last one where accept.lua expects it.

local now = tonumber(ARGV[1])
local entry = redis.call('GET', KEYS[1])
if not entry then return NOT_FOUND end
local of_run, id, ends = struct.unpack('>c8c16d', entry)
if of_run ~= ARGV[2] or id ~= ARGV[3] or now >= ends then return NOT_FOUND end
redis.call('DEL', KEYS[1])
local s = read_subject(redis.call('GET', KEYS[2]), ARGV[2], now)
s.failures, s.sends, s.expires, s.locked = 0, 0, 0, 0
keep_subject(KEYS[2], s, ARGV[2], now)
if ARGV[5] == '0' then return ACCEPTED end

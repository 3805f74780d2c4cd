-- When the pending challenge ends; 0 when there is none. KEYS: subject. ARGV: now, run.

return read_subject(redis.call('GET', KEYS[1]), ARGV[2], tonumber(ARGV[1])).expires

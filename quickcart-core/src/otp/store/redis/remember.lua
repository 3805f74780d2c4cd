-- Greets a server: names its run, and notes when data may have been lost.
-- KEYS: marker. ARGV: run_id, whether the marker was seen before.
-- The marker holds the run, the run_id it was written under, and when that run began, in seconds of this server's own time; 0
-- when there was none before it, so that nothing can have been lost. A run is the beginning of the run_id and a count: the
-- count tells a server that was replaced and promoted again from what it was, because its run_id stays the same.
-- Answers the run, whether it is a new one, and whether the marker was gone.

local value = redis.call('GET', KEYS[1])
if value and string.sub(value, 9, 8 + #ARGV[1]) == ARGV[1] then return { string.sub(value, 1, 8), 0, 0 } end
local count, began = 0, 0
if value then count = struct.unpack('>I4', string.sub(value, 5, 8)) end
if value or ARGV[2] == '1' then began = redis.call('TIME')[1] end
local run = struct.pack('>I4I4', tonumber(string.sub(ARGV[1], 1, 8), 16), count + 1)
redis.call('SET', KEYS[1], run .. ARGV[1] .. ':' .. began)
return { run, value and 1 or 0, value and 0 or 1 }

-- Takes all charges or none. KEYS: marker, charges... ARGV: now, run, charges...

local now, run = tonumber(ARGV[1]), ARGV[2]
local values = redis.call('MGET', unpack(KEYS))
if string.sub(values[1] or '', 1, 8) ~= run then return { FORGOTTEN } end
local full, charge, fits = take(values, 2, ARGV, 3)
if full then keep_charges(KEYS, 2, full, now) end
local answer = { full and ISSUED or LIMITED, fits or 0, charge or 0 }
for index = 2, #KEYS do
  answer[index + 2] = full and full[index - 1] or tonumber(values[index] or 0)
end
return answer

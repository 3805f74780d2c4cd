-- Limits, as in limit.rs: each key holds the instant at which its quota is whole again. A charge is three arguments: from when
-- the quota comes back, how long the whole of it takes, how long the cost takes.

-- The instants after the charges; or the first charge that does not fit, counted from 0, and when it does.
local function take(values, first_value, arguments, first_argument)
  local full = {}
  for index = 0, (#arguments - first_argument + 1) / 3 - 1 do
    local at = first_argument + 3 * index
    local from, quota, cost = tonumber(arguments[at]), tonumber(arguments[at + 1]), tonumber(arguments[at + 2])
    local after = math.max(tonumber(values[first_value + index] or 0), from) + cost
    if after - quota > from then return nil, index, after - quota end
    full[index + 1] = after
  end
  return full
end

local function keep_charges(keys, first_key, full, now)
  for index, after in ipairs(full) do
    redis.call('SET', keys[first_key + index - 1], after, 'PX', math.max(1, math.ceil((after - now) / 1000)))
  end
end

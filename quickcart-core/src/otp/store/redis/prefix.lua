-- The watch for pumping, as in pumping.rs.

local function read_prefix(value, now)
  local fresh, judged, shown, grace, half_life, last, run, closed = 0, 0, 0, 0, 0, 0, 0, 0
  if value then
    fresh, judged, shown, grace, half_life, last, run, closed = struct.unpack('>dddddddd', value)
  end
  local grace_now, half_life_now = math.floor(now / GRACE), math.floor(now / HALF_LIFE)
  if grace_now > grace then
    judged, fresh, grace = judged + fresh, 0, grace_now
  end
  if half_life_now > half_life then
    local halves = 0.5 ^ (half_life_now - half_life)
    judged, shown, half_life = judged * halves, shown * halves, half_life_now
  end
  return { fresh = fresh, judged = judged, shown = shown, grace = grace, half_life = half_life, last = last, run = run,
    closed = closed }
end

local function keep_prefix(key, p)
  local value = struct.pack('>dddddddd', p.fresh, p.judged, p.shown, p.grace, p.half_life, p.last, p.run, p.closed)
  redis.call('SET', key, value, 'PX', (HALF_LIVES_KEPT + 1) * HALF_LIFE / 1000)
end

-- Counts one more message; answers until when there is none, or nothing.
local function send(p, number, now)
  if now < p.closed then return p.closed end
  local gap = math.abs(number - p.last)
  if gap > NEIGHBOUR_GAP then
    p.run = 0
  elseif gap > 0 then
    p.run = p.run + 1
  end
  p.last = number
  local unanswered = p.shown < 0.5 and p.fresh + p.judged >= UNANSWERED_MAX
  local unconverted = p.judged >= JUDGED_MIN and p.shown < CONVERSION_MIN * p.judged
  if p.run >= RUN_MAX or unanswered or unconverted then
    p.fresh, p.judged, p.shown, p.last, p.run, p.closed = 0, 0, 0, 0, 0, now + CLOSED
    return p.closed
  end
  p.fresh = p.fresh + 1
end

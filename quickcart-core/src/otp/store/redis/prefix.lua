-- The watch for pumping, as in pumping.rs.

local function read_prefix(value, now)
  local fresh, judged, shown, grace, fade, last, run, closed = 0, 0, 0, 0, 0, 0, 0, 0
  if value then
    fresh, judged, shown, grace, fade, last, run, closed = struct.unpack('>dddddddd', value)
  end
  local grace_now, fade_now = math.floor(now / GRACE), math.floor(now / FADE_PERIOD)
  if grace_now > grace then
    judged, fresh, grace = judged + fresh, 0, grace_now
  end
  if fade_now > fade then
    local left, steps = 1, fade_now - fade
    if steps < FADES_KEPT then
      for _ = 1, steps do left = left * FADE end
    else
      left = 0
    end
    judged, shown, fade = judged * left, shown * left, fade_now
  end
  return { fresh = fresh, judged = judged, shown = shown, grace = grace, fade = fade, last = last, run = run,
    closed = closed }
end

local function keep_prefix(key, p)
  local value = struct.pack('>dddddddd', p.fresh, p.judged, p.shown, p.grace, p.fade, p.last, p.run, p.closed)
  redis.call('SET', key, value, 'PX', (FADES_KEPT + 1) * FADE_PERIOD / 1000)
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
  local sent = p.fresh + p.judged
  local is_run = p.run >= RUN_MAX and p.shown < CONVERSION_MIN * sent
  local unanswered = p.shown < 0.5 and sent >= UNANSWERED_MAX
  local unconverted = p.judged >= JUDGED_MIN and p.shown < CONVERSION_MIN * p.judged
  if is_run or unanswered or unconverted then
    p.fresh, p.judged, p.shown, p.last, p.run, p.closed = 0, 0, 0, 0, 0, now + CLOSED
    return p.closed
  end
  p.fresh = p.fresh + 1
end

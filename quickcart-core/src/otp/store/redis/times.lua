-- How long a subject is remembered, and locked.

-- When nothing is left to remember.
local function forget_at(failures, sends, expires, failed, locked, sent, step, stepped)
  return math.max(expires, locked, sends > 0 and sent + SENDS_KEPT or 0, failures > 0 and failed + LOCK_LAST or 0,
    step > 0 and stepped + STEP_KEPT or 0)
end

-- How long so many wrong codes lock; 0 within a round.
local function lock_after(failures, attempts_max)
  if failures >= FAILURES_MAX then return LOCK_LAST end
  if failures % attempts_max > 0 then return 0 end
  return LOCK_FIRST * math.min(2 ^ (failures / attempts_max - 1), 60)
end

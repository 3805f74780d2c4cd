-- What is kept of a subject, as in challenge.rs. Instants are microseconds; a double holds them exactly until 2255.

local FORMAT = '>Bc16c16c16c16c8HHdddddd'
local NONE = string.rep('\0', 16)
-- Where the challenge is in what is kept of an idempotency key: after the run, the subject and the key id.
local REPLAY_ID = 8 + 16 + 1 + 1

-- Unpacks a subject, forgets wrong codes that are too old, and a challenge of an earlier run of the server: a server that
-- came back from a snapshot, or was promoted, may hold codes that were used since.
local function read_subject(value, run, now)
  local s = { key_id = 0, id = NONE, answer = NONE, nonce = NONE, terms = NONE, failures = 0, sends = 0,
    expires = 0, failed = 0, locked = 0, sent = 0, step = 0, stepped = 0 }
  if value then
    local of_run
    s.key_id, s.id, s.answer, s.nonce, s.terms, of_run, s.failures, s.sends, s.expires, s.failed, s.locked,
      s.sent, s.step, s.stepped = struct.unpack(FORMAT, value)
    if of_run ~= run or now >= s.expires then s.expires = 0 end
    if now >= s.failed + LOCK_LAST then s.failures = 0 end
  end
  return s
end

local function keep_subject(key, s, run, now)
  local forget = forget_at(s.failures, s.sends, s.expires, s.failed, s.locked, s.sent, s.step, s.stepped)
  if forget <= now then
    redis.call('DEL', key)
    return
  end
  local value = struct.pack(FORMAT, s.key_id, s.id, s.answer, s.nonce, s.terms, run, s.failures, s.sends,
    s.expires, s.failed, s.locked, s.sent, s.step, s.stepped)
  redis.call('SET', key, value, 'PX', math.ceil((forget - now) / 1000))
end

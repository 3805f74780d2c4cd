-- Decides on a code and keeps the outcome, as MemoryOtpStore does.
-- KEYS: marker, subject, idempotency, prefix, verified, charges...; the marker stands in for what a request does not have.
-- ARGV: keep, now, run, key id, challenge id, answer, nonce, terms, expires, half a lifetime if codes repeat (else
-- empty), four cooldowns, number to watch (or empty), whether there is an idempotency key, charges...

local CHARGE_KEY, CHARGE_ARGUMENT = 6, 17
local now, run = tonumber(ARGV[2]), ARGV[3]
local values = redis.call('MGET', unpack(KEYS))
if string.sub(values[1] or '', 1, 8) ~= run then return { FORGOTTEN } end

local verdict, until_at, full, prefix
local s = read_subject(values[2], run, now)
local key_id, id, expires = tonumber(ARGV[4]), ARGV[5], tonumber(ARGV[9])

local function decide()
  if ARGV[16] == '1' and values[3] then
    local of_run, subject, of_key_id, of_id, nonce, terms, ends =
      struct.unpack('>c8c16Bc16c16c16d', values[3])
    if of_run == run and now < ends then
      if subject ~= string.sub(KEYS[2], -16) or nonce ~= ARGV[7] or terms ~= ARGV[8] then return REUSED end
      key_id, id, expires = of_key_id, of_id, ends
      return REPLAYED
    end
  end
  if now < s.locked then return LOCKED, s.locked end
  local pending = s.expires > 0
  local sends = (pending or now < s.sent + SENDS_KEPT) and s.sends or 0
  if sends > 0 then
    local cool = s.sent + tonumber(ARGV[10 + math.min(sends, 4)])
    if now < cool then return COOLING_DOWN, cool end
  end
  if pending and ARGV[10] ~= '' and s.key_id == key_id and s.nonce == ARGV[7] and s.terms == ARGV[8]
    and s.expires - now >= tonumber(ARGV[10]) then
    id, expires = s.id, s.expires
  else
    s.key_id, s.id, s.answer, s.nonce, s.terms, s.expires = key_id, id, ARGV[6], ARGV[7], ARGV[8], expires
  end
  s.sends = math.min(sends + 1, 65535)
  s.sent = now
  local charge, fits
  full, charge, fits = take(values, CHARGE_KEY, ARGV, CHARGE_ARGUMENT)
  if not full then return LIMITED, fits, charge end
  if ARGV[15] ~= '' and not (values[5] and now < tonumber(values[5])) then
    prefix = read_prefix(values[4], now)
    local closed = send(prefix, tonumber(ARGV[15]), now)
    if closed then return SUSPECTED, closed end
  end
  return ISSUED
end

local charge
verdict, until_at, charge = decide()
if ARGV[1] == '1' then
  if prefix then keep_prefix(KEYS[4], prefix) end
  if verdict == ISSUED then
    keep_subject(KEYS[2], s, run, now)
    keep_charges(KEYS, CHARGE_KEY, full, now)
    if ARGV[16] == '1' then
      local value = struct.pack('>c8c16Bc16c16c16d', run, string.sub(KEYS[2], -16), key_id, id, ARGV[7], ARGV[8], expires)
      redis.call('SET', KEYS[3], value, 'PX', math.ceil((expires - now) / 1000))
    end
  end
end
local kept = ARGV[1] == '1' and verdict == ISSUED
local answer = { verdict, until_at or expires, charge or 0, key_id, id }
for index = CHARGE_KEY, #KEYS do
  answer[index] = kept and full[index - CHARGE_KEY + 1] or tonumber(values[index] or 0)
end
return answer

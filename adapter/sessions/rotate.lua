-- Exchanges a token for its successor. KEYS: session, successor. ARGV: digest of the token, digest of the
-- successor, the successor, now (ms), leeway (ms). Returns verdict, user, started, expires, successor; or nothing
-- where there is no such session. A reused token takes the session away here and now.
local session, successor = KEYS[1], KEYS[2]
local now, leeway = tonumber(ARGV[4]), tonumber(ARGV[5])
local s = redis.call('HMGET', session, 'user', 'started', 'expires', 'current', 'previous', 'rotated')
if not s[1] or now >= tonumber(s[3]) then
  return {}
end
if s[4] == ARGV[1] then
  redis.call('HSET', session, 'current', ARGV[2], 'previous', ARGV[1], 'rotated', ARGV[4])
  redis.call('SET', successor, ARGV[3], 'PX', leeway)
  return { 'next', s[1], s[2], s[3], ARGV[3] }
end
if s[5] == ARGV[1] and now < tonumber(s[6]) + leeway then
  local again = redis.call('GET', successor)
  if again then
    return { 'next', s[1], s[2], s[3], again }
  end
end
redis.call('HDEL', session, 'current', 'previous')
return { 'reused', s[1], s[2], s[3], '' }

-- Begins a session. KEYS: session, sessions of its user. ARGV: session, user, started, expires (ms), digest of
-- the token, most sessions of a user. Returns the sessions that must end to make room.
local session, user = KEYS[1], KEYS[2]
redis.call('HSET', session, 'user', ARGV[2], 'started', ARGV[3], 'expires', ARGV[4], 'current', ARGV[5])
redis.call('PEXPIREAT', session, ARGV[4])
redis.call('ZREMRANGEBYSCORE', user, '-inf', ARGV[3])
redis.call('ZADD', user, ARGV[4], ARGV[1])
local last = redis.call('ZRANGE', user, -1, -1, 'WITHSCORES')
redis.call('PEXPIREAT', user, string.format('%.0f', tonumber(last[2])))
local surplus = redis.call('ZCARD', user) - tonumber(ARGV[6])
if surplus <= 0 then
  return {}
end
return redis.call('ZRANGE', user, 0, surplus - 1)

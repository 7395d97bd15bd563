-- Ends a session. KEYS: session, successor, revoked. ARGV: session, now, remembered until (ms), channel, prefix
-- of the keys of users. An unknown session is revoked as well: its access tokens may outlive lost data.
local user = redis.call('HGET', KEYS[1], 'user')
redis.call('DEL', KEYS[1], KEYS[2])
if user then
  redis.call('ZREM', ARGV[5] .. user, ARGV[1])
end
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', ARGV[2])
redis.call('ZADD', KEYS[3], ARGV[3], ARGV[1])
redis.call('PUBLISH', ARGV[4], ARGV[1] .. ' ' .. ARGV[3])
return 1

-- Forgets a reminder that was published, if the caller's token is still the current one.
--
-- KEYS: due, inflight, fire, token, done, version of the task, fires of the task, fires of the owner
-- ARGV: id, token, ms for which a fired reminder is not set again, seconds to remember a task without reminders
-- Answers 1, or 0 when somebody else took the reminder meanwhile or the task no longer wants it.
local due, inflight, fire, token, done, version, fires, owner = unpack(KEYS)
local id = ARGV[1]
if redis.call('HGET', token, id) ~= ARGV[2] then
  return 0
end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREM', due, id)
redis.call('ZREM', inflight, id)
redis.call('HDEL', fire, id)
redis.call('HDEL', token, id)
redis.call('SREM', fires, id)
redis.call('ZREM', owner, id)
redis.call('ZADD', done, now, id)
redis.call('ZREMRANGEBYSCORE', done, '-inf', now - ARGV[3])
if redis.call('SCARD', fires) == 0 then
  redis.call('EXPIRE', version, ARGV[4])
end
return 1

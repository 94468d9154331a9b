-- Gives back a reminder that could not be published, to be taken again later, if the caller's token is current.
--
-- KEYS: due, inflight, token
-- ARGV: id, token, delay in ms
-- Answers 1, or 0 when somebody else took the reminder meanwhile or the task no longer wants it.
local due, inflight, token = unpack(KEYS)
local id = ARGV[1]
if redis.call('HGET', token, id) ~= ARGV[2] then
  return 0
end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREM', inflight, id)
redis.call('ZADD', due, now + ARGV[3], id)
redis.call('HDEL', token, id)
return 1

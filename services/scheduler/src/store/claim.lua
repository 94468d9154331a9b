-- Takes what is due for a time: nobody else gets it before the lease ends, and each taking has a higher token.
--
-- KEYS: due, inflight, fire, token, fence
-- ARGV: limit, lease in ms
-- Answers {now in ms, {per reminder: {token, payload}}}.
local due, inflight, fire, token, fence = unpack(KEYS)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

for _, id in ipairs(redis.call('ZRANGEBYSCORE', inflight, '-inf', now, 'LIMIT', 0, ARGV[1])) do
  redis.call('ZREM', inflight, id)
  redis.call('ZADD', due, now, id)
end

local taken = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', due, '-inf', now, 'LIMIT', 0, ARGV[1])) do
  redis.call('ZREM', due, id)
  local payload = redis.call('HGET', fire, id)
  if payload then
    local fenced = redis.call('INCR', fence)
    redis.call('HSET', token, id, fenced)
    redis.call('ZADD', inflight, now + ARGV[2], id)
    taken[#taken + 1] = {fenced, payload}
  end
end
return {now, taken}

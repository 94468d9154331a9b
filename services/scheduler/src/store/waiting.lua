-- What waits longest: some of what is due or about to be, and some of what somebody is publishing.
--
-- KEYS: due, inflight, fire
-- ARGV: how many of each
-- Answers {now in ms, {payloads}}.
local due, inflight, fire = unpack(KEYS)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local payloads = {}
for _, set in ipairs({due, inflight}) do
  for _, id in ipairs(redis.call('ZRANGE', set, 0, ARGV[1] - 1)) do
    local payload = redis.call('HGET', fire, id)
    if payload then
      payloads[#payloads + 1] = payload
    end
  end
end
return {now, payloads}

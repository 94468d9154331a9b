-- The reminders of one owner that have not been published, the earliest first.
--
-- KEYS: fires of the owner, fire
-- ARGV: limit
-- Answers the payloads.
local ids = redis.call('ZRANGE', KEYS[1], 0, ARGV[1] - 1)
if #ids == 0 then
  return {}
end
return redis.call('HMGET', KEYS[2], unpack(ids))

-- Replaces the reminders of one task as one step, unless this or a newer version of the task was seen before.
-- A deletion may have the version that was seen last: only a newer one, from the trash, comes after it.
--
-- A reminder that fired already is not set again, and one that is in flight stays in flight. A new one whose time
-- passed longer ago than the late window is missed: it is counted and not set.
--
-- KEYS: due, inflight, fire, token, done, version of the task, fires of the task, fires of the owner
-- ARGV: version, 1 for a deletion, late window in ms, seconds to remember a task without reminders,
--       then per reminder: id, at in ms, payload
-- Answers {1 when applied or 0 when stale, reminders missed}.
local due, inflight, fire, token, done, version, fires, owner = unpack(KEYS)
local seen = tonumber(redis.call('GET', version) or '0')
if tonumber(ARGV[1]) < seen or (tonumber(ARGV[1]) == seen and ARGV[2] ~= '1') then
  return {0, 0}
end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local wanted, missed = {}, 0
for i = 5, #ARGV, 3 do
  local id, at, payload = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local is_pending = redis.call('HEXISTS', fire, id) == 1
  if redis.call('ZSCORE', done, id) then
    -- fired already
  elseif not is_pending and tonumber(at) < now - ARGV[3] then
    missed = missed + 1
  else
    wanted[id] = true
    redis.call('HSET', fire, id, payload)
    redis.call('SADD', fires, id)
    redis.call('ZADD', owner, at, id)
    if not is_pending then
      redis.call('ZADD', due, at, id)
    end
  end
end

for _, id in ipairs(redis.call('SMEMBERS', fires)) do
  if not wanted[id] then
    redis.call('ZREM', due, id)
    redis.call('ZREM', inflight, id)
    redis.call('HDEL', fire, id)
    redis.call('HDEL', token, id)
    redis.call('SREM', fires, id)
    redis.call('ZREM', owner, id)
  end
end

-- The version outlives the reminders, so that a late, older event cannot bring them back.
if next(wanted) then
  redis.call('SET', version, ARGV[1])
else
  redis.call('SET', version, ARGV[1], 'EX', ARGV[4])
end
return {1, missed}

-- GCRA, the generic cell rate algorithm, on the server's clock.
-- KEYS[1]: the subject's key, holding the theoretical arrival time in microseconds
-- ARGV: period in microseconds, requests a period, burst, cost
-- returns {allowed, remaining, retry after in ms, full again in ms}
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local step = ARGV[1] / ARGV[2]
local tolerance = step * ARGV[3]
local arrival = math.max(now, tonumber(redis.call('GET', KEYS[1]) or now))
local following = arrival + step * ARGV[4]
if now < following - tolerance then
  local left = math.max(0, math.floor((tolerance - (arrival - now)) / step))
  return {0, left, math.ceil((following - tolerance - now) / 1000), math.ceil((arrival - now) / 1000)}
end
-- Lua prints 14 digits of a number; a time in microseconds has 16.
redis.call('SET', KEYS[1], string.format('%.0f', following), 'PX', math.ceil((following - now) / 1000))
return {1, math.floor((tolerance - (following - now)) / step), 0, math.ceil((following - now) / 1000)}

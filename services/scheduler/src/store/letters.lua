-- How many dead letters are kept of each topic. They are counted here, because together they may be large.
--
-- KEYS: dead
-- Answers {per topic: {topic, count}}; letters that do not say theirs are of none that is known.
local counts = {}
for _, letter in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
  -- The last member: serialised in order of the names.
  local topic = string.match(letter, '"topic":"([%w%.]+)"}$') or 'unknown'
  counts[topic] = (counts[topic] or 0) + 1
end
local answer = {}
for topic, count in pairs(counts) do
  answer[#answer + 1] = {topic, count}
end
return answer

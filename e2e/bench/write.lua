-- A new task.
wrk.headers["content-type"] = "application/json"
local written = 0

request = function()
  written = written + 1
  return wrk.format("POST", "/v1/tasks", nil, string.format('{"title": "Task %d", "priority": "high"}', written))
end

dofile(os.getenv("BENCH_COMMON"))

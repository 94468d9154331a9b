-- One task by its id, out of BENCH_TASKS.
local tasks = tonumber(os.getenv("BENCH_TASKS"))

request = function()
  return wrk.format("GET", string.format("/v1/tasks/00000000-0000-7000-8000-%012d", math.random(1, tasks)))
end

dofile(os.getenv("BENCH_COMMON"))

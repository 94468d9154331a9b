-- The first page of fifty.
request = function()
  return wrk.format("GET", "/v1/tasks?limit=50")
end

dofile(os.getenv("BENCH_COMMON"))

-- Sends the requests of a file, in turn, and prints what came of them as one JSON line.
-- wrk -s wrk.lua URL -- FILE SETTLE_SECONDS: what is answered before the server has settled does not count as rate.

local ffi = require("ffi")
ffi.cdef [[
  typedef struct { long seconds; long micros; } timeval;
  int gettimeofday(timeval *now, void *zone);
]]

local function now()
  local value = ffi.new("timeval")
  ffi.C.gettimeofday(value, nil)
  return tonumber(value.seconds) + tonumber(value.micros) / 1e6
end

local threads, bodies, at, settle, started = {}, {}, 0, 0, nil
answered, failed, settled = 0, 0, 0

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  local file = assert(io.open(args[1], "rb"))
  settle = tonumber(args[2])
  for length in file:lines() do
    table.insert(bodies, file:read(tonumber(length)))
  end
  file:close()
end

function request()
  started = started or now()
  at = at % #bodies + 1
  return bodies[at]
end

function response(status)
  if status ~= 200 then
    failed = failed + 1
    return
  end
  answered = answered + 1
  if now() - started >= settle then
    settled = settled + 1
  end
end

function done(summary, latency)
  local thread = threads[1]
  local e = summary.errors
  io.write(string.format(
    '{"answered": %d, "settled": %d, "errors": %d, "seconds": %f, "mean_ms": %f, "p50_ms": %f, "p99_ms": %f}\n',
    thread:get("answered"), thread:get("settled"),
    thread:get("failed") + e.connect + e.read + e.write + e.timeout,
    summary.duration / 1e6, latency.mean / 1e3, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3
  ))
end

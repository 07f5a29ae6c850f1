-- Sends the bytes of the file named by the first argument, and prints what was done as one line of JSON.

function init(args)
  local file = assert(io.open(args[1], 'rb'))
  local bytes = file:read('*a')
  file:close()
  -- wrk formats a request once and keeps it, so no Lua runs while it loads. It counts pipelined requests itself.
  wrk.format = function() return bytes end
end

function done(summary)
  local e = summary.errors
  local errors = e.connect + e.read + e.write + e.timeout + e.status
  local seconds = summary.duration / 1e6
  io.write(string.format('\n{"requests":%d,"seconds":%f,"errors":%d}\n', summary.requests, seconds, errors))
end

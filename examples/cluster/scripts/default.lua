-- A waiting room that all nodes share: draws a ticket, waits for its turn, plays 880 Hz and hangs up (where your script
-- would transfer the call). The desk calls the next one with next.lua, on whatever node.

function on_call(call)
  local ticket, err = kv.incr("room:tickets")
  if not ticket then
    log.error("no ticket", { error = err })
    call:reject(480) -- not 503: the proxy would try the other nodes, which have the same Redis
  end
  call.vars.ticket = ticket
  call:set_header("X-Ticket", tostring(ticket))
  log.info("drawn", { ticket = ticket })
  local waiting = "room:waiting:" .. ticket
  call:defer(function() kv.del(waiting) end)
  kv.set(waiting, true, { ttl = "5s" })
  if not call:answer() then return end
  -- Each round says that we are still here: the desk skips those who died with their node. Without Redis we go on waiting.
  while not kv.get("room:turn:" .. ticket) do
    kv.set(waiting, true, { ttl = "5s" })
    call:tone(440, { duration = "1s", level = -30 })
  end
  call:tone(880, { duration = "1s" })
  call:hangup()
end

-- The desk calls this for the next one in the waiting room: 880 Hz, and it is that one's turn; 480 when nobody waits.

-- waits tells whether a ticket's call is there. One that was drawn a moment ago may not have said so yet.
local function waits(call, ticket)
  local key = "room:waiting:" .. ticket
  if kv.get(key) then return true end
  call:sleep("100ms")
  return kv.get(key)
end

-- take returns the next ticket whose call is there, or nil and why there is none. No two desks get the same.
local function take(call)
  while true do
    local ticket, err = kv.incr("room:served")
    if not ticket then return nil, err end
    if ticket > (kv.get("room:tickets") or 0) then
      kv.incr("room:served", -1)
      return nil, "nobody waits"
    end
    if waits(call, ticket) then return ticket end
    log.info("skipped", { ticket = ticket })
  end
end

function on_call(call)
  local ticket, why = take(call)
  if not ticket then
    log.info("no next one", { why = why })
    call:reject(480)
  end
  call:set_header("X-Ticket", tostring(ticket))
  kv.set("room:turn:" .. ticket, true, { ttl = "1h" })
  log.info("next", { ticket = ticket })
  if not call:answer() then return end
  call:tone(880, { duration = "1s" })
  call:hangup()
end

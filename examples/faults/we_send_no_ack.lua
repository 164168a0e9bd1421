-- Our re-INVITE gets its 200, which the caller has to repeat, for we send no ACK.
function on_call(call)
  call:answer()
  local lost = call:fault{ on = "ACK", drop = true }
  local ok = call:hold()
  log.info("ACKs lost: " .. lost:count(), { held = ok })
  call:wait("hangup")
end

-- After the 200 comes a 486 for the same INVITE. It must not end the call (RFC 3261 §17.1.1.2).
function on_call(call)
  call:fault{ on = "200 INVITE", also = true, times = 1, delay = "100ms", status = 486, remove = { "Contact", "Content-Type" }, body = "" }
  call:answer()
  call:wait("hangup")
end

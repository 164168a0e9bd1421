-- The 200 crosses the CANCEL: the caller has given up, and is in a call.
function on_call(call)
  call:fault{ ignore = "CANCEL" }
  call:ring()
  call:answer{ delay = "1s" }
  call:wait("hangup")
end

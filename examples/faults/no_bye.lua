-- The first two BYEs that the caller sends are lost; the call goes on until one gets through.
function on_call(call)
  local lost = call:fault{ ignore = "BYE", times = 2 }
  call:defer(function() log.info("BYEs lost: " .. lost:count()) end)
  call:answer()
  call:limit("60s")
  call:wait("hangup")
end

-- The 200 takes 2 s on its way, and each copy of it, too: they come although the ACK is here.
function on_call(call)
  call:fault{ on = "200 INVITE", delay = "2s" }
  call:answer()
  call:wait("hangup")
end

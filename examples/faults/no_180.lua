-- The 180 is lost on the way, each copy of it.
function on_call(call)
  call:fault{ on = "180", drop = true }
  call:ring()
  call:answer{ delay = "200ms" }
  call:wait("hangup")
end

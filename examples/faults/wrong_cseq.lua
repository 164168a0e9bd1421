-- The first 200 carries the CSeq of another request: it must be dropped. Its copy is as it should be.
function on_call(call)
  call:fault{ on = "200 INVITE", times = 1, set = { CSeq = "4711 INVITE" } }
  call:answer()
  call:wait("hangup")
end

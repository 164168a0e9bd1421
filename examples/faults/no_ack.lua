-- The ACK is lost, whatever the caller does: the 200 comes again at T1, 2·T1 … T2, and after 64·T1 a BYE.
function on_call(call)
  call:fault{ ignore = "ACK" }
  call:answer()
end

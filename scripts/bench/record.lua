-- Records what it hears, and what it says.
function on_call(call)
  call:answer()
  call:record_start(call.id .. ".wav", { stereo = true })
  call:tone(440, { duration = "1h" })
end

-- A tone for as long as the caller stays.
function on_call(call)
  call:answer()
  call:tone(440, { duration = "1h" })
end

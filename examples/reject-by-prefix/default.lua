-- Answers the calls that no route takes.

function on_call(call)
  call:ring()
  if not call:answer{ delay = "500ms" } then return end
  call:tone(440, { duration = "3s" })
  call:hangup()
end

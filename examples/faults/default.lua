-- A call in which nothing goes wrong, to compare with.
function on_call(call)
  call:ring()
  call:answer{ delay = "200ms" }
  call:tone(440, { duration = "1s" })
  call:hangup()
end

-- Sends back what it hears.
function on_call(call)
  call:answer()
  call:echo()
end

-- Sends back what the caller says, half a second later. A test number for people: "can they hear me, and how well?"
--
--   [script.echo]
--   delay = "500ms"
--   max = "10m"      # the key # ends it before

function on_call(call)
  call:ring()
  if not call:answer{ delay = "500ms" } then return end
  call:tone(440, { duration = "200ms" })
  local result = call:echo{ delay = config.get("delay", "500ms"), max = config.get("max", "10m") }
  log.info("echo", result)
  call:hangup()
end

-- What mod_lua.txt does, with Offhook's verbs.
local pins = { ["4711"] = "sales", ["4712"] = "support" }

function on_call(call)
  call:ring()
  if not call:answer{ delay = "500ms" } then return end
  local digits = call:gather{ prompt = "pin.wav", invalid = "invalid.wav", min = 4, max = 4, tries = 3, timeout = "5s", sensitive = true }
  log.info("pin", { from = call.cli })
  local department = pins[digits]
  if not department then
    call:hangup{ q850 = 21 } -- call rejected
  end
  call.vars.department = department
  call:play(department .. ".wav")
  call:hangup()
end

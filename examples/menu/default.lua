-- A menu: asks for a digit up to three times and plays what belongs to it.
-- The choices are in [script.default], see offhook.toml.

-- sound plays a WAV file, or a tone when what is configured is a number.
local function sound(call, what)
  if type(what) == "number" then
    call:tone(what, { duration = "1s" })
  else
    call:play(what)
  end
end

function on_call(call)
  local choices = config.get("choices")
  call:ring()
  if not call:answer{ delay = "500ms" } then return end
  for try = 1, config.get("tries", 3) do
    sound(call, config.get("prompt"))
    local digit, reason = call:gather{ max = 1, timeout = "5s" }
    local choice = choices[digit]
    if choice then
      log.info("chosen", { digit = digit, try = try })
      sound(call, choice)
      call:hangup()
    end
    log.info("no choice", { digit = digit, reason = reason, try = try })
  end
  call:hangup{ reason = "no choice" }
end

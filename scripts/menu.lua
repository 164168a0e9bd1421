-- A menu: asks for a digit, plays what belongs to it, and hangs up.
--
--   [script.menu]
--   prompt = 440         # a WAV file of the sounds folder, or a tone in Hz
--   invalid = 220        # after a digit that is no choice: a WAV file or a tone
--   tries = 3
--   timeout_seconds = 5  # to press a digit
--   [script.menu.choices]
--   1 = 600              # a WAV file or a tone for each digit
--   2 = "sales.wav"

local sound = require("lib.sound")

---@param call Call
function on_call(call)
  local choices = config.get("choices", { ["1"] = 600, ["2"] = 800 })
  if not call:answer() then return end
  for try = 1, config.get("tries", 3) do
    local digit, reason = sound.ask(call, config.get("prompt", 440), { max = 1, finish = false, timeout = config.get("timeout_seconds", 5) })
    local choice = choices[digit]
    log.info("menu", { digit = digit, reason = reason, try = try, known = choice ~= nil })
    if choice then
      call.vars.choice = digit
      metrics.inc("menu_choice", 1, { digit = digit })
      sound.say(call, choice)
      call:hangup()
    end
    if reason ~= "timeout" then
      sound.say(call, config.get("invalid", 220))
    end
  end
  call:hangup{ reason = "no choice" }
end

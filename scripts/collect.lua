-- Collects a number: asks, confirms, and leaves it in the call record as vars.digits.
--
--   [script.collect]
--   prompt = 440         # a WAV file of the sounds folder, or a tone in Hz
--   accepted = 880       # likewise, when the number is good
--   refused = 220        # likewise, when it is not
--   min = 4              # digits
--   max = 10
--   match = "[1-9].*"    # a regular expression (RE2) that the whole number must match; without it any does
--   tries = 3
--   timeout_seconds = 5  # for the first digit, and ...
--   pause_seconds = 3    # ... for each further one; # ends the number at once
--   sensitive = false    # true: for PINs, which neither the log nor the record shows

local sound = require("lib.sound")

---@param call Call
function on_call(call)
  local sensitive = config.get("sensitive", false)
  if not call:answer() then return end
  for try = 1, config.get("tries", 3) do
    local digits, reason = sound.ask(call, config.get("prompt", 440), {
      min = config.get("min", 4), max = config.get("max", 10), match = config.get("match"), sensitive = sensitive,
      timeout = config.get("timeout_seconds", 5), interdigit = config.get("pause_seconds", 3),
    })
    local shown = sensitive and ("*"):rep(#digits) or digits
    log.info("collected", { digits = shown, reason = reason, try = try })
    if reason == "ok" then
      call.vars.digits = shown
      sound.say(call, config.get("accepted", 880))
      call:hangup()
    end
    sound.say(call, config.get("refused", 220))
  end
  call:hangup{ reason = "no number" }
end

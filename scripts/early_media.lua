-- Early media: a sound before the answer (183), then the answer or a refusal.
--
--   [script.early_media]
--   sound = 425  # a WAV file of the sounds folder, or a tone in Hz
--   seconds = 3  # of the tone
--   code = 404   # the response then; 200: answers, plays answered_sound and hangs up
--   answered_sound = 440

local sound = require("lib.sound")

---@param call Call
function on_call(call)
  local what, code = config.get("sound", 425), config.get("code", 404)
  call:progress()
  if type(what) == "string" then
    call:play(what)
  else
    call:tone(what, { duration = config.get("seconds", 3) })
  end
  if code ~= 200 then
    call:reject(code)
  end
  if not call:answer() then return end
  sound.say(call, config.get("answered_sound", 440))
  call:hangup()
end

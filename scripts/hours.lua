-- An announcement by the time of day: one while you are open, another one while you are closed.
--
--   [script.hours]
--   open = "mon-fri 09:00-17:30; sat 10:00-13:00"
--   holidays = "dec 24-dec 26; jan 1"  # closed whatever the weekday; without it there are none
--   zone = "Europe/Berlin"             # without it the server's own
--   open_sound = 880                   # a WAV file of the sounds folder, or a tone in Hz
--   closed_sound = 440

local sound = require("lib.sound")

local function is_open()
  local zone, holidays = config.get("zone"), config.get("holidays")
  if holidays and time.match(holidays, zone) then return false end
  return time.match(config.get("open", "mon-fri 09:00-17:30"), zone)
end

---@param call Call
function on_call(call)
  local open = is_open()
  call.vars.open = open
  call:ring()
  if not call:answer{ delay = "1s" } then return end
  sound.say(call, open and config.get("open_sound", 880) or config.get("closed_sound", 440))
  call:hangup()
end

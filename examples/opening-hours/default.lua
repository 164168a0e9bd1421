-- An announcement by opening hours: one sound while you are open, another one while you are closed.
-- The hours and the sounds are in [script.default], see offhook.toml.

local days = { "sun", "mon", "tue", "wed", "thu", "fri", "sat" }

-- minutes makes 570 of "09:30".
local function minutes(text)
  local hour, minute = text:match("^(%d+):(%d+)$")
  return hour * 60 + minute
end

-- is_open looks at the clock of the server.
local function is_open()
  local now = os.date("*t")
  local hours = config.get("hours", {})[days[now.wday]]
  if not hours then return false end
  local from, to = hours:match("^(.-)%-(.+)$")
  local minute = now.hour * 60 + now.min
  return minute >= minutes(from) and minute < minutes(to)
end

-- announce plays a sound, or a tone as long as there is none.
local function announce(call, sound, hz)
  if sound then
    call:play(sound)
  else
    call:tone(hz, { duration = "2s" })
  end
end

function on_call(call)
  call:ring()
  if not call:answer{ delay = "1s" } then return end
  if is_open() then
    announce(call, config.get("open_sound"), 880)
  else
    announce(call, config.get("closed_sound"), 440)
  end
  call:hangup()
end

-- An announcement by opening hours: one sound while you are open, another one while you are closed.
-- The hours and the sounds are in [script.default], see offhook.toml.

local function is_open()
  local zone, holidays = config.get("zone"), config.get("holidays")
  if holidays and time.match(holidays, zone) then return false end
  return time.match(config.get("open", "mon-fri 09:00-17:30"), zone)
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

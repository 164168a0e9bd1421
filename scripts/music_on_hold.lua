-- Music on hold: plays a list of sounds again and again, for a PBX that sends there whom it puts on hold. While the caller holds
-- the call itself, the music waits, and goes on where it stopped.
--
--   [script.music_on_hold]
--   sounds = ["moh/one.mp3", "moh/two.mp3"]  # of the sounds folder, or URLs; without it a quiet chord
--   volume = -6                              # dB
--   random = true                            # begins each call with any of them
--   max = "1h"

local chord = { 262, 330, 392 }

-- listed is the sounds in the order of this call.
local function listed()
  local sounds = config.get("sounds", {})
  local first = config.get("random", false) and #sounds > 0 and math.random(#sounds) or 1
  local list = {}
  for i = 0, #sounds - 1 do list[i + 1] = sounds[(first - 1 + i) % #sounds + 1] end
  return list
end

local music -- of the call

---@param call Call
function on_call(call)
  if not call:answer() then return end
  local list = listed()
  call:limit(config.get("max", "1h"))
  if #list == 0 then
    music = call:start(chord, { volume = config.get("volume", -6) - 12 })
  else
    music = call:start(list, { loop = true, volume = config.get("volume", -6) })
  end
  call:wait("hangup")
end

function on_hold() if music then music:pause() end end

function on_resume() if music then music:resume() end end

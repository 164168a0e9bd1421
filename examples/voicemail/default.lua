-- A voicemail with review: records a message after a beep; then 1 plays it, 2 records it again, # keeps it. Who hangs up keeps it, too.
-- Sounds and limits are in [script.default], see offhook.toml.

-- sound plays a WAV file, or a tone when what is configured is a number. It returns the digit that barged in.
local function sound(call, what, barge)
  if type(what) == "number" then
    return call:tone(what, { duration = "500ms", barge = barge }).digit
  end
  return call:play(what, { barge = barge }).digit
end

local function take(call, path)
  local message = call:record(path, {
    beep = true, trim = true,
    max = config.get("max", "2m"), silence = config.get("silence", "5s"),
  })
  log.info("message", message)
  return message
end

function on_call(call)
  local path = call.did:gsub("%W", "_") .. "/" .. call.id .. ".wav" -- the caller chose the number: nothing else of it gets into a path
  call:ring()
  if not call:answer{ delay = "2s" } then return end
  sound(call, config.get("greeting"), "#")
  call:flush_digits()
  local message = take(call, path)
  for _ = 1, 5 do
    if not message.path then break end -- the disk took nothing
    local choice = sound(call, config.get("review"), true) or call:read_digit("10s")
    if choice == "1" then
      call:play("recording:" .. message.path, { barge = true })
      call:flush_digits()
    elseif choice == "2" then
      message = take(call, path)
    else
      break
    end
  end
  sound(call, config.get(message.path and "thanks" or "sorry"))
  call:hangup()
end

-- The messages of a call are complete here, also when the caller just hung up.
function on_hangup(call, info)
  local last = info.recordings[#info.recordings]
  if last and last.path and last.seconds > 0 then
    log.info("new message", { to = call.did, from = call.cli, path = last.path, seconds = last.seconds })
  end
end

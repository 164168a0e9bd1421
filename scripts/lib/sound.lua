-- Sounds as settings name them: a WAV file of the sounds folder, or a tone in Hz, so that a script works before anything is recorded.

local sound = {}

-- say plays one, and returns what play and tone return.
function sound.say(call, what)
  if type(what) == "string" then
    return call:play(what)
  end
  return call:tone(what, { duration = "1s" })
end

-- ask plays one and collects digits: call:gather with its options. The tone is a short beep; digits pressed meanwhile count.
function sound.ask(call, what, options)
  if type(what) == "string" then
    options.prompt = what
  else
    call:tone(what, { duration = "200ms" })
  end
  return call:gather(options)
end

return sound

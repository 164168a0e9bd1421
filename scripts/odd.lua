-- An odd far end, for tests of software that calls. What it does is the end of the called number: sip:odd-slow@… is slow.
--
--   slow     rings, answers after a random time and plays a tone
--   silent   sends no provisional response for 5 s, then answers
--   chatty   sends 180, 183, 181, 180, 182 and 183 before it answers
--   early    plays a tone before the answer, and then refuses
--   brief    answers and hangs up at once
--   mute     answers and sends no RTP
--   endless  rings until the caller gives up
--
--   [script.odd]
--   behaviour = "slow"  # for numbers without one
--   shortest_ms = 200   # of the random time
--   longest_ms = 8000
--   code = 503          # of the refusal
--   seconds = 10        # how long answered calls last

-- finish answers, and sends a tone or nothing until the time is up.
local function finish(call, hz)
  if not call:answer() then return end
  local seconds = config.get("seconds", 10)
  if hz then
    call:tone(hz, { duration = seconds })
  else
    call:sleep(seconds)
  end
  call:hangup()
end

local odd = {}

function odd.slow(call)
  call:ring()
  local ms = math.random(config.get("shortest_ms", 200), config.get("longest_ms", 8000))
  call:mark("slow", { ms = ms })
  call:sleep(ms .. "ms")
  finish(call, 440)
end

function odd.silent(call)
  call:sleep("5s")
  finish(call, 440)
end

function odd.chatty(call)
  for _, code in ipairs{ 180, 183, 181, 180, 182, 183 } do
    if code == 180 then call:ring() else call:progress{ code = code } end
    call:sleep("300ms")
  end
  finish(call, 440)
end

function odd.early(call)
  call:progress()
  call:tone(425, { duration = "1s" })
  call:reject(config.get("code", 503))
end

function odd.brief(call)
  call:answer{ wait_ack = false }
  call:hangup{ q850 = 31 }
end

function odd.mute(call)
  call:ring()
  finish(call)
end

function odd.endless(call)
  call:ring{ every = "60s" }
  call:wait("hangup")
end

---@param call Call
function on_call(call)
  local name = call.did:match("(%a+)$")
  local behave = odd[name] or odd[config.get("behaviour", "slow")]
  behave(call)
end

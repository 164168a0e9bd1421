-- A far end for tests of SIP software: refuses callers it does not expect, and answers the others after a random delay.
-- The settings are in [script.default], see offhook.toml.

-- fault says what is wrong with the caller, nil when nothing is.
local function fault(call)
  if not call.cli:match(config.get("caller")) then
    return "caller " .. call.cli
  end
  local name = config.get("required_header")
  if name and not call:header(name) then
    return "no header " .. name
  end
end

function on_call(call)
  local wrong = fault(call)
  if wrong then
    log.warn("unexpected call", { wrong = wrong })
    call:set_header("X-Wrong", wrong)
    call:reject(403)
  end
  local delay = math.random(config.get("shortest_ms"), config.get("longest_ms"))
  call:set_header("X-Answer-Delay", delay .. "ms")
  call:ring()
  call:sleep(delay .. "ms")
  if not call:answer() then return end
  log.info("answered", { delay_ms = delay })
  call:tone(1004, { duration = config.get("seconds") .. "s" })
  call:hangup()
end

-- A caller that gives up while it rings is what such tests are about: say when.
function on_hangup(call, info)
  log.info("over", { by = info.by, code = info.code, seconds = info.seconds })
end

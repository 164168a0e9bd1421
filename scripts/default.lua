-- What Offhook does out of the box: ring, answer, play a tone, hang up.
-- Save this file while calls run: the next call follows what you wrote.

function on_call(call)
  call:ring()
  if not config.get("auto_answer") then
    call:wait("hangup") -- rings until the caller gives up
  end
  call:sleep(config.get("auto_answer_delay_ms") .. "ms")
  if not call:answer() then return end
  call:tone(config.get("tone_frequency"), { duration = config.get("tone_duration_seconds") .. "s" })
  call:hangup()
end

function on_dtmf(call, digit)
  log.info("digit", { digit = digit })
end

function on_hangup(call, info)
  log.info("the call is over", { by = info.by, seconds = info.seconds })
end

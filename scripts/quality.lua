-- The media quality test line: answers, listens for 10 s and says in the log and in the call's verdict what it heard. Send it a tone:
-- then it knows what is not the tone.
--
--   [script.quality]
--   tone = 440    # Hz, that we send meanwhile
--   seconds = 10  # how long it listens
--   max_loss = 1  # percent
--   min_mos = 4
--   min_snr = 25  # dB

function on_call(call)
  if not call:answer() then return end
  call:start(config.get("tone", 440)) -- so that the caller can measure us meanwhile
  local heard = call:measure{ duration = config.get("seconds", 10) }
  local stats = call:stats()
  heard.loss_pct, heard.jitter_ms, heard.mos = stats.rx.loss_pct, stats.rx.jitter_ms, stats.mos
  log.info("quality", heard)
  for name, value in pairs(heard) do call.vars[name] = value end

  call:check(stats.rx.packets > 0, "nothing was received")
  call:check(heard.silence_pct < 100, "nothing but silence")
  call:check(heard.loss_pct <= config.get("max_loss", 1), ("%.1f %% of the packets are lost"):format(heard.loss_pct))
  call:check((heard.mos or 0) >= config.get("min_mos", 4), ("MOS %.1f"):format(heard.mos or 0))
  call:check(heard.clipped_pct < 1, ("%.1f %% of the samples are clipped"):format(heard.clipped_pct))
  if heard.snr_db then
    call:check(heard.snr_db >= config.get("min_snr", 25), ("%.0f Hz with a SNR of %.1f dB"):format(heard.dominant_hz, heard.snr_db))
  end
  call:hangup()
end

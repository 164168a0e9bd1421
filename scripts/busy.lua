-- Refuses every call.
--
--   [script.busy]
--   code = 486                 # the response: 400 to 699
--   reason = "Do Not Disturb"  # its phrase, when not the usual one
--   ring_ms = 0                # how long it rings before
--   retry_after = 0            # seconds, tells the caller when to try again (RFC 3261 §20.33); 0 = does not

---@param call Call
function on_call(call)
  local ring_ms = config.get("ring_ms", 0)
  if ring_ms > 0 then
    call:ring()
    call:sleep(ring_ms .. "ms")
  end
  local retry_after = config.get("retry_after", 0)
  if retry_after > 0 then
    call:set_header("Retry-After", tostring(retry_after))
  end
  call:reject(config.get("code", 486), config.get("reason"))
end

-- The test tone of telephony: 1004 Hz at 0 dBm0 (ITU-T O.6), as long as the caller listens.
--
--   [script.milliwatt]
--   hz = 1004
--   level = 0            # dBm0
--   limit_seconds = 300  # the longest a call may last

---@param call Call
function on_call(call)
  call:limit(config.get("limit_seconds", 300) .. "s")
  if not call:answer() then return end
  call:tone(config.get("hz", 1004), { level = config.get("level", 0) })
end

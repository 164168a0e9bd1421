-- Sends callers elsewhere (3xx): their phone or proxy tries the targets in this order.
--
--   [script.redirect]
--   to = ["sip:{user}@192.0.2.10", "sip:operator@192.0.2.11"]  # {user} is the called number
--   code = 302                                                 # 301 when it is for good

---@param call Call
function on_call(call)
  local targets = {}
  for i, target in ipairs(config.get("to", {})) do
    targets[i] = target:gsub("{user}", (call.did:gsub("%%", "%%%%")))
  end
  if #targets == 0 then
    log.warn("nowhere to send calls to: set to in [script.redirect]")
    call:reject(404)
  end
  call:redirect(targets, { code = config.get("code", 302) })
end

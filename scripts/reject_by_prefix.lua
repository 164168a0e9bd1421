-- Refuses calls by the beginning of a number. The others get what default.lua does.
--
--   [script.reject_by_prefix]
--   called = ["900", "+881"]  # beginnings of called numbers
--   callers = ["0190"]        # beginnings of callers' numbers
--   anonymous = false         # true: refuses callers without a number, too (RFC 5079)
--   code = 403                # the response for the others

require("default")
local answer = on_call -- of default.lua

local function begins(number, prefixes)
  for _, prefix in ipairs(prefixes) do
    if number:sub(1, #prefix) == prefix then return prefix end
  end
end

---@param call Call
function on_call(call)
  local prefix = begins(call.did, config.get("called", {})) or begins(call.cli, config.get("callers", {}))
  if prefix then
    log.info("refused", { from = call.cli, to = call.did, prefix = prefix })
    call:reject(config.get("code", 403))
  end
  if config.get("anonymous", false) and re.test(call.cli, "^(anonymous|)$") then
    call:reject(433)
  end
  answer(call)
end

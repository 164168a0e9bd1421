-- Asks a web service what to do with a call. When the service is down or slow, calls get what default.lua does.
--
--   [scripting]
--   http_allow = ["127.0.0.1:8000"]
--   [script.lookup]
--   url = "http://127.0.0.1:8000/route?from={from}&to={to}"
--   timeout_ms = 800  # of each try
--   retries = 1
--
-- The service answers {"action": "reject", "code": 603}, {"action": "redirect", "to": ["sip:200@192.0.2.10"]} or {"action": "answer"}.

require("default")
local answer = on_call -- of default.lua

local function escaped(text)
  return (text:gsub("[^%w_.~-]", function(c) return ("%%%02X"):format(c:byte()) end))
end

-- plan is what the service says, nil when it says nothing that can be used.
local function plan(call)
  local numbers = { from = escaped(call.cli), to = escaped(call.did) }
  local url = config.get("url", "http://127.0.0.1:8000/route?from={from}&to={to}"):gsub("{(%w+)}", numbers)
  local began = time.now()
  local res, err = http.get(url, { timeout = config.get("timeout_ms", 800) .. "ms", retries = config.get("retries", 1) })
  metrics.observe("lookup_seconds", time.now() - began)
  if res and res.ok and type(res.json) == "table" then return res.json end
  log.warn("lookup failed", { error = err, status = res and res.status })
end

---@param call Call
function on_call(call)
  local todo = plan(call) or {}
  if todo.action == "reject" then
    call:reject(todo.code)
  elseif todo.action == "redirect" and todo.to then
    call:redirect(todo.to)
  end
  answer(call)
end

-- The DTMF test line: notes each digit that comes, how it came (rfc4733, info or inband, which is sound) and how long the key was down,
-- and sends all of them back the same way. The call's vars and its verdict tell, for a CI: vars.digits, vars.via, vars.shortest_ms.
--
--   [script.dtmf]
--   expect = "123#"  # the digits that should come; then the verdict is fail if others do. Without it any will do.
--   via = "rfc4733"  # how they should come, likewise
--   seconds = 10     # how long it waits for the first digit, and ...
--   pause = 2        # ... for each further one
--   max = 32         # digits
--   on = "100ms"     # how long each is when it is sent back

---@param call Call
function on_call(call)
  if not call:answer() then return end
  local digits, via, shortest = "", nil, nil
  while #digits < config.get("max", 32) do
    local digit, info = call:read_digit(digits == "" and config.get("seconds", 10) or config.get("pause", 2))
    if not digit then break end
    log.info("digit", { digit = digit, via = info.via, ms = info.duration_ms })
    digits = digits .. digit
    via = (via == nil or via == info.via) and info.via or "mixed"
    if info.duration_ms > 0 then shortest = math.min(shortest or info.duration_ms, info.duration_ms) end
  end
  call.vars.digits, call.vars.via, call.vars.shortest_ms = digits, via, shortest

  call:check(digits ~= "", "no digit came")
  call:check(digits == config.get("expect", digits), ("%q came"):format(digits))
  call:check(via == config.get("via", via), ("they came as %s"):format(via))
  if digits ~= "" then
    call:send_dtmf(digits, { via = via ~= "mixed" and via or "auto", on = config.get("on", "100ms") })
  end
  call:hangup()
end

-- The milliwatt test line: 1004 Hz at 0 dBm0, to set and check levels by.
-- [script.milliwatt] max = "5m"

function on_call(call)
  if not call:answer() then return end
  call:tone(1004, { level = 0, duration = config.get("max", "5m") })
  call:hangup()
end

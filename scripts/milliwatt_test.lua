-- Tests of milliwatt.lua.

test("1004 Hz at 0 dBm0, in both laws", function(t)
  for _, codec in ipairs{ "PCMU", "PCMA" } do
    local c = t:call{ codecs = { codec } }
    c:expect_status(200, "100ms")
    c:expect_tone(1004, "100ms", { level = 0 })
    c:hangup()
  end
end)

test("it ends after a while", function(t)
  t:set_config("max", "10s")
  local c = t:call{}
  c:expect_status(200, "100ms")
  c:expect_bye("11s")
  t:eq(c.record.by, "script")
end)

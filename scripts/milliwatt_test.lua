test("plays 1004 Hz at 0 dBm0 without a gap, for 5 minutes at the most", function(t)
  local c = t:call{}
  c:expect_status(200)
  c:expect_tone(1004, "20ms", { level = 0 })
  c:advance("299s")
  t:eq(c:hear().kind, "tone")
  c:expect_bye("1s")
  t:eq(c.record.by, "limit")
  t:eq(#c:heard(), 1)
end)

test("in A-law, too", function(t)
  local c = t:call{ codecs = { "PCMA" } }
  c:expect_tone(1004, "20ms", { level = 0 })
end)

test("follows its settings", function(t)
  t:set_config("hz", 820)
  t:set_config("level", -20)
  t:set_config("limit_seconds", 10)
  local c = t:call{}
  c:expect_tone(820, "20ms", { level = -20 })
  c:expect_bye("10s")
end)

-- Tests of quality.lua.

test("a clean tone passes", function(t)
  local c = t:call{}
  c:expect_status(200, "100ms")
  c:speak(1004, { duration = "11s", wait = false })
  c:expect_bye("12s")
  t:eq(c.record.verdict, "pass")
  t:eq(math.floor(c.record.vars.dominant_hz + 0.5), 1004)
  t:eq(math.floor(c.record.vars.level_dbm0 + 0.5), -10)
end)

test("silence does not", function(t)
  local c = t:call{}
  c:expect_status(200, "100ms")
  c:speak(0, { duration = "11s", wait = false })
  c:expect_bye("12s")
  t:eq(c.record.verdict, "fail")
end)

test("two tones are no clean one", function(t)
  local c = t:call{}
  c:expect_status(200, "100ms")
  c:speak({ 1004, 1704 }, { duration = "11s", level = -13, wait = false })
  c:expect_bye("12s")
  t:eq(c.record.verdict, "fail")
end)

-- Tests of echo.lua.

test("what the caller says comes back, until #", function(t)
  local c = t:call{}
  c:expect_status(180)
  c:expect_status(200, "500ms")
  c:expect_tone(440, "100ms")
  c:advance("500ms")
  c:speak(1000, { duration = "2s", wait = false })
  c:expect_tone(1000, "700ms", { level = -10 })
  c:advance("3s")
  t:eq(c:hear().kind, "silence")
  c:dtmf("#")
  c:expect_log("status=digit")
  c:expect_bye("1s")
end)

test("it ends after a while", function(t)
  t:set_config("max", "5s")
  local c = t:call{}
  c:expect_status(200, "500ms")
  c:expect_bye("6s")
end)

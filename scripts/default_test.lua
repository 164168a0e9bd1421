-- Tests of default.lua. Run them with: offhook test

test("rings, answers after 1 s, plays 440 Hz at -10 dBm0 for 30 s and hangs up", function(t)
  local c = t:call{ to = "100" }
  c:expect_status(180)
  c:advance("999ms")
  t:eq(c:hear().kind, "nothing")
  c:expect_status(200, "1ms")
  c:expect_tone(440, "20ms", { level = -10 })
  c:advance("29s")
  t:eq(c:hear(), { kind = "tone", hz = { 440 }, level = -10 })
  c:expect_bye("1s")
  t:eq(c.record.by, "script")
  t:eq(c.record.seconds, 30)
end)

test("plays what the digit stands for", function(t)
  local c = t:call{}
  c:expect_status(200)
  c:expect_tone(440, "20ms")
  c:advance("1s")
  c:dtmf("2")
  c:expect_tone(800, "100ms")
  c:expect_bye("1s")
  t:eq(c.record.vars.choice, "2")
end)

test("a digit that is pressed during the beep counts", function(t)
  local c = t:call{}
  c:dtmf("1")
  c:expect_tone(600, "200ms")
end)

test("asks again after a wrong digit and after silence, three times in all", function(t)
  local c = t:call{}
  c:expect_tone(440, "20ms")
  c:advance("1s")
  c:dtmf("9")
  c:expect_tone(220, "100ms")
  c:expect_tone(440, "2s")
  c:advance("1s")
  c:expect_tone(440, "6s")
  c:expect_bye("6s")
  t:eq(c:header("Reason"), 'Q.850;cause=16;text="no choice"')
  t:eq(c.record.vars.choice, nil)
end)

test("any key can be a choice", function(t)
  t:set_config("choices", { ["#"] = 1200 })
  local c = t:call{}
  c:advance("1s")
  c:dtmf("#")
  c:expect_tone(1200, "100ms")
end)

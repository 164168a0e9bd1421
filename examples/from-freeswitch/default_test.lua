test("a PIN that is known", function(t)
  local c = t:call{}
  c:expect_status(180)
  c:expect_status(200, "500ms")
  c:expect_play("pin.wav")
  c:dtmf("4712")
  c:expect_play("support.wav")
  c:expect_bye("1s")
  t:eq(c.record.vars.department, "support")
end)

test("one that is not", function(t)
  local c = t:call{}
  c:expect_status(200, "500ms")
  c:dtmf("9999")
  c:expect_bye()
  t:eq(c.record.q850, 21)
end)

test("three tries", function(t)
  local c = t:call{}
  c:expect_status(200, "500ms")
  c:dtmf("12#")
  c:expect_play("invalid.wav")
  c:expect_bye("20s")
  t:eq(c.record.q850, 21)
end)

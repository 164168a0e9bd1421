test("a tone is heard before the refusal", function(t)
  local c = t:call{}
  c:expect_status(183)
  c:expect_tone(425, "20ms")
  c:expect_status(404, "3s")
  t:eq(math.floor(c:heard()[1].seconds + 0.5), 3)
  t:eq(c.record.seconds, 0)
end)

test("or before the answer, and another one after it", function(t)
  t:set_config("code", 200)
  t:set_config("seconds", 2)
  local c = t:call{}
  c:expect_status(183)
  c:expect_tone(425, "20ms")
  c:expect_status(200, "2s")
  c:expect_tone(440, "20ms")
  c:expect_bye("1s")
  t:eq(c.record.seconds, 1)
end)

test("the caller gives up while it plays", function(t)
  local c = t:call{}
  c:expect_tone(425, "20ms")
  c:cancel()
  c:expect_status(487)
  t:eq(c.record.by, "cancel")
end)

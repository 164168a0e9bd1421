test("1 is sales", function(t)
  local c = t:call{}
  c:expect_status(200)
  c:expect_play("menu.wav")
  c:dtmf("1")
  c:expect_play("sales.wav")
  c:expect_bye("1s")
end)

test("2 is support, after a pause", function(t)
  local c = t:call{}
  c:dtmf("2")
  c:expect_play("support.wav", "1s")
end)

test("another digit leads back to the menu", function(t)
  local c = t:call{}
  c:expect_play("menu.wav")
  c:dtmf("#")
  c:expect_play("menu.wav")
  c:dtmf("1")
  c:expect_play("sales.wav")
end)

test("who presses nothing hears good-bye", function(t)
  local c = t:call{}
  c:expect_play("goodbye.wav", "6s")
  c:expect_bye("1s")
  t:eq(c.record.by, "script")
end)

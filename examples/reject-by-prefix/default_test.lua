test("answers and plays a tone", function(t)
  local c = t:call{}
  c:expect_status(180)
  c:expect_status(200, "500ms")
  c:expect_tone(440, "20ms")
  c:expect_bye("3s")
end)

test("nothing goes wrong", function(t)
  local c = t:call{}
  c:expect_status(180)
  c:expect_status(200, "200ms")
  c:expect_bye("1.1s")
end)

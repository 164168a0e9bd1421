test("there is no 180", function(t)
  local c = t:call{}
  c:advance("199ms")
  t:eq(pcall(c.expect_status, c, 180), false)
  c:expect_status(200, "1ms")
end)

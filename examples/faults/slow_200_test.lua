test("the 200 comes after 2 s", function(t)
  local c = t:call{}
  c:advance("1.99s")
  t:eq(pcall(c.expect_status, c, 200), false)
  c:expect_status(200, "10ms")
end)

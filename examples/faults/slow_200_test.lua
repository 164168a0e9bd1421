test("the 200 comes after 2 s", function(t)
  local c = t:call{}
  c:advance("1.99s")
  t:eq(c:hear().kind, "nothing")
  c:expect_status(200, "10ms")
end)

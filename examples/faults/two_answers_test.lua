test("two 200 come, from two phones", function(t)
  local c = t:call{}
  c:expect_status(200)
  c:expect_status(200, "100ms")
  t:eq(c:header("To"):match("tag=(%w+)"), "other")
end)

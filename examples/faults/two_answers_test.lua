test("two 200 come, and they differ", function(t)
  local c = t:call{}
  c:expect_status(200)
  local length = c:header("Content-Length")
  c:expect_status(200, "100ms")
  t:eq(c:header("Content-Length") == length, false)
end)

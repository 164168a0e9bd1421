test("FOO comes", function(t)
  local c = t:call{}
  c:expect_status(200)
  t:eq(c:header("CSeq"), "2 FOO")
end)

test("the header of the 200 is odd", function(t)
  local c = t:call{}
  c:expect_status(200)
  t:eq(c:header("Allow"), nil)
  t:eq(c:header("X-Call"), c:header("Call-ID"))
  t:eq(c:header("Contact"), "<sip:test@192.0.2.1:5060>")
end)

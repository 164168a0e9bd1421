test("the CSeq is wrong, once", function(t)
  local c = t:call{}
  c:expect_status(200)
  t:eq(c:header("CSeq"), "4711 INVITE")
end)

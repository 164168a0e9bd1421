test("486 after the 200", function(t)
  local c = t:call{}
  c:expect_status(200)
  t:eq(c:expect_status(486, "100ms"), "Busy Here")
end)

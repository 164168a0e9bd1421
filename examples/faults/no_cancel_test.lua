test("an answer in spite of the CANCEL", function(t)
  local c = t:call{}
  c:expect_status(180)
  c:cancel()
  c:expect_status(200, "1s")
end)

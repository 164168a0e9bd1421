test("the ACK for the re-INVITE is lost", function(t)
  local c = t:call{}
  c:expect_log("ACKs lost: 1 held=true", "1s")
end)

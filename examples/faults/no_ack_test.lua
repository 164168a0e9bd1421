test("without an ACK the call ends", function(t)
  local c = t:call{}
  c:expect_status(200)
  c:advance("31s")
  c:expect_bye("1s")
  t:eq(c.record.by, "no_ack")
end)

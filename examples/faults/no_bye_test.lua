test("a BYE is lost, and the call goes on to its limit", function(t)
  local c = t:call{}
  c:expect_status(200)
  c:hangup()
  c:advance("59s")
  t:eq(pcall(c.expect_log, c, "BYEs lost"), false)
  c:advance("1s")
  c:expect_log("BYEs lost: 1")
end)

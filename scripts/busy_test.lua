test("is busy", function(t)
  local c = t:call{}
  t:eq(c:expect_status(486), "Busy Here")
  t:eq(c:header("Retry-After"), nil)
  t:eq(c.record.by, "script")
end)

test("follows its settings", function(t)
  t:set_config("code", 480)
  t:set_config("reason", "At Lunch")
  t:set_config("ring_ms", 1500)
  t:set_config("retry_after", 3600)
  local c = t:call{}
  c:expect_status(180)
  c:advance("1490ms")
  t:eq(c:expect_status(480, "10ms"), "At Lunch")
  t:eq(c:header("Retry-After"), "3600")
end)

test("the caller gives up first", function(t)
  t:set_config("ring_ms", 60000)
  local c = t:call{}
  c:expect_status(180)
  c:cancel()
  c:expect_status(487)
end)

local function desk(t, ticket)
  local c = t:call{ script = "next" }
  c:expect_status(200, "1s")
  t:eq(c:header("X-Ticket"), ticket)
  return c
end

test("skips who has hung up", function(t)
  local gone = t:call{ script = "default" }
  gone:expect_status(200, "100ms")
  t:call{ script = "default" }:expect_status(200, "100ms")
  gone:hangup()
  local c = desk(t, "2")
  c:expect_tone(880, "100ms")
  c:expect_bye("2s")
end)

test("says so when nobody waits, and takes nobody's turn by that", function(t)
  t:call{}:expect_status(480, "1s")
  t:call{ script = "default" }:expect_status(200, "100ms")
  desk(t, "1")
end)

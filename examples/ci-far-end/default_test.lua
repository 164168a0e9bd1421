local function settings(t)
  t:set_config("caller", "^[0-9]+$")
  t:set_config("shortest_ms", 200)
  t:set_config("longest_ms", 300)
  t:set_config("seconds", 2)
end

test("rings, answers in time, plays 1004 Hz for 2 s and hangs up", function(t)
  settings(t)
  local c = t:call{ from = "100" }
  c:expect_status(180)
  c:advance("199ms")
  t:eq(c:hear().kind, "nothing")
  c:expect_status(200, "101ms")
  c:expect_tone(1004, "20ms")
  c:expect_bye("2s")
  c:expect_log("over by=script code=200 seconds=2")
end)

test("refuses a caller that it does not expect, and says why", function(t)
  settings(t)
  local c = t:call{ from = "alice" }
  c:expect_status(403)
  t:eq(c:header("X-Wrong"), "caller alice")
end)

test("asks for a header field when it is told to", function(t)
  settings(t)
  t:set_config("required_header", "X-Test")
  local c = t:call{ from = "100" }
  c:expect_status(403)
  t:eq(c:header("X-Wrong"), "no header X-Test")
  t:call{ from = "100", headers = { ["X-Test"] = "1" } }:expect_status(200, "300ms")
end)

test("tells when a caller gives up", function(t)
  settings(t)
  local c = t:call{ from = "100" }
  c:expect_status(180)
  c:cancel()
  c:expect_log("over by=cancel code=487")
end)

test("slow: answers after a random time", function(t)
  t:set_config("shortest_ms", 500)
  t:set_config("longest_ms", 600)
  local c = t:call{ to = "odd-slow" }
  c:expect_status(180)
  c:advance("490ms")
  c:expect_status(200, "110ms")
  c:expect_tone(440, "20ms")
  c:expect_bye("10s")
end)

test("silent: not a word for 5 s", function(t)
  local c = t:call{ to = "odd-silent" }
  c:advance("4990ms")
  t:eq(c:hear().kind, "nothing")
  c:expect_status(200, "10ms")
end)

test("chatty: many provisional responses", function(t)
  local c = t:call{ to = "odd-chatty" }
  for _, code in ipairs{ 180, 183, 181, 180, 182, 183 } do
    c:expect_status(code, "300ms")
  end
  c:expect_status(200, "300ms")
end)

test("early: a tone and then a refusal", function(t)
  local c = t:call{ to = "odd-early" }
  c:expect_status(183)
  c:expect_tone(425, "20ms")
  c:expect_status(503, "1s")
end)

test("brief: answers and hangs up", function(t)
  local c = t:call{ to = "odd-brief" }
  c:expect_status(200)
  c:expect_bye("100ms")
  t:eq(c.record.q850, 31)
end)

test("mute: no RTP", function(t)
  local c = t:call{ to = "odd-mute" }
  c:expect_status(200)
  c:advance("9s")
  t:eq(c:hear().kind, "nothing")
  c:expect_bye("1s")
end)

test("endless: rings until the caller gives up", function(t)
  local c = t:call{ to = "odd-endless" }
  c:advance("4m")
  c:cancel()
  c:expect_status(487)
end)

test("other numbers get the behaviour that is set", function(t)
  t:set_config("behaviour", "brief")
  t:call{ to = "100" }:expect_status(200)
end)

local function drawn(t, ticket)
  local c = t:call{}
  c:expect_status(200, "100ms")
  t:eq(c:header("X-Ticket"), ticket)
  return c
end

test("callers wait for their turn, in the order of their tickets", function(t)
  local first, second = drawn(t, "1"), drawn(t, "2")
  first:expect_tone(440, "100ms", { level = -30 })
  t:call{ script = "next" }:expect_status(200, "100ms")
  first:expect_tone(880, "2s")
  first:expect_bye("2s")
  t:eq(second:hear().hz[1], 440)
  t:call{ script = "next" }:expect_status(200, "100ms")
  second:expect_tone(880, "2s")
end)

test("who waits longer than one word lasts is still there", function(t)
  local c = drawn(t, "1")
  c:advance("30s")
  t:call{ script = "next" }:expect_status(200, "100ms")
  c:expect_tone(880, "2s")
end)

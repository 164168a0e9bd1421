-- Tests of music_on_hold.lua.

test("plays a chord until the caller hangs up", function(t)
  local c = t:call{}
  c:expect_status(200)
  c:expect_tone({ 262, 330, 392 }, "20ms", { level = -28 })
  c:advance("4m")
  c:expect_tone({ 262, 330, 392 })
  c:hangup()
  t:eq(c.record.by, "caller")
end)

test("plays a list of sounds again and again, without a gap", function(t)
  t:set_config("sounds", { "en/1.wav", "en/2.wav", "en/3.wav" })
  local c = t:call{}
  c:expect_play("en/1.wav", "20ms")
  c:expect_play("en/2.wav")
  c:expect_play("en/3.wav")
  c:advance("1m")
  t:eq(c:hear().kind ~= "nothing", true)
  c:hangup()
end)

test("begins with any of them", function(t)
  t:set_config("sounds", { "en/1.wav", "en/2.wav" })
  t:set_config("random", true)
  local c = t:call{}
  c:expect_play("en/1.wav", "20ms") -- wherever the list begins, it holds both
  c = t:call{}
  c:expect_play("en/2.wav", "20ms")
end)

test("waits while the caller holds the call, and goes on then", function(t)
  local c = t:call{}
  c:expect_tone({ 262, 330, 392 }, "20ms")
  c:hold()
  c:advance("10s")
  t:eq(c:hear().kind, "nothing")
  c:resume()
  c:expect_tone({ 262, 330, 392 }, "100ms")
  c:hangup()
end)

test("ends after its time", function(t)
  t:set_config("max", "90s")
  local c = t:call{}
  c:expect_status(200)
  c:advance("89s")
  c:expect_bye("1s")
  t:eq(c.record.by, "limit")
end)

-- Tests of default.lua. Run them with: offhook test

-- The settings as they are out of the box, whatever the configuration says.
local function plain(t)
  t:set_config("auto_answer", true)
  t:set_config("auto_answer_delay_ms", 1000)
  t:set_config("tone_frequency", 440)
  t:set_config("tone_duration_seconds", 30)
end

test("rings, answers after 1 s, plays 440 Hz at -10 dBm0 for 30 s and hangs up", function(t)
  plain(t)
  local c = t:call{ to = "100" }
  c:expect_status(180)
  c:advance("999ms")
  t:eq(c:hear().kind, "nothing")
  c:expect_status(200, "1ms")
  c:expect_tone(440, "20ms", { level = -10 })
  c:advance("29s")
  t:eq(c:hear(), { kind = "tone", hz = { 440 }, level = -10 })
  c:expect_bye("1s")
  t:eq(c.record.by, "script")
  t:eq(c.record.seconds, 30)
end)

test("speaks A-law to who offers nothing else", function(t)
  plain(t)
  local c = t:call{ codecs = { "PCMA" } }
  c:expect_status(200, "1s")
  t:eq(c.codec, "PCMA")
  c:expect_tone(440, "20ms", { level = -10 })
end)

test("rings until the caller gives up when it is not to answer", function(t)
  plain(t)
  t:set_config("auto_answer", false)
  local c = t:call{}
  c:expect_status(180)
  c:advance("2m")
  c:cancel()
  c:expect_status(487)
  t:eq(c.record.by, "cancel")
end)

test("follows the settings", function(t)
  plain(t)
  t:set_config("auto_answer_delay_ms", 0)
  t:set_config("tone_frequency", 1000)
  t:set_config("tone_duration_seconds", 0.5)
  local c = t:call{}
  c:expect_status(200)
  c:expect_tone(1000, "20ms")
  c:expect_bye("500ms")
  t:eq(c.record.seconds, 0.5)
end)

test("ends when the caller hangs up, before the answer and after it", function(t)
  plain(t)
  local early, late = t:call{}, t:call{}
  early:hangup()
  early:expect_status(487)
  t:eq(early.record.by, "cancel")
  late:advance("5s")
  late:hangup()
  t:eq(late.record.by, "caller")
  t:eq(late.record.seconds, 4)
  late:expect_log("the call is over by=caller seconds=4")
end)

test("logs the keys that are pressed, and plays on", function(t)
  plain(t)
  local c = t:call{}
  c:expect_status(200, "1s")
  c:dtmf("5#")
  c:expect_log("digit=5")
  c:expect_log("digit=#")
  t:eq(c:hear().kind, "tone")
end)

-- Tests of the voicemail. Run them with: offhook test .

local function answered(t)
  for key, hz in pairs{ greeting = 440, review = 880, thanks = 660, sorry = 330 } do t:set_config(key, hz) end
  local c = t:call{ to = "200" }
  c:expect_status(180)
  c:expect_status(200, "2s")
  c:expect_tone(440, "100ms")
  c:expect_tone(1000, "1s") -- the beep
  c:advance("300ms")
  return c
end

test("a message is recorded, played and kept", function(t)
  local c = answered(t)
  c:speak(1500, { duration = "3s" })
  c:dtmf("#")
  c:expect_log("message", "1s")
  c:expect_tone(880, "1s")
  c:dtmf("1")
  c:expect_tone(1500, "1s", { level = -10 }) -- the caller's own words
  c:expect_tone(880, "4s")
  c:dtmf("#")
  c:expect_tone(660, "1s")
  c:expect_bye("1s")
  c:expect_log("new message")
end)

test("a message is recorded again", function(t)
  local c = answered(t)
  c:speak(1500, { duration = "1s" })
  c:dtmf("#")
  c:expect_tone(880, "1s")
  c:dtmf("2")
  c:expect_tone(1000, "1s")
  c:advance("300ms")
  c:speak(1700, { duration = "1s" })
  c:expect_log("reason=silence", "6s")
  c:expect_tone(880, "1s")
  c:dtmf("1")
  c:expect_tone(1700, "1s")
  c:hangup()
  t:eq(c.record.by, "caller")
end)

test("who hangs up has left a message", function(t)
  local c = answered(t)
  c:speak(1500, { duration = "2s" })
  c:hangup()
  t:eq(c.record.by, "caller")
  c:expect_log("new message")
end)

local function settings(t)
  t:set_config("prompt", 440)
  t:set_config("tries", 3)
  t:set_config("choices", { ["1"] = 600, ["2"] = 800 })
end

test("plays what belongs to the digit and hangs up", function(t)
  settings(t)
  local c = t:call{}
  c:expect_status(200, "500ms")
  c:expect_tone(440, "20ms")
  c:dtmf("2") -- while the prompt plays
  c:expect_tone(800, "1s")
  c:expect_bye("1s")
  c:expect_log("chosen digit=2 try=1")
end)

test("asks three times", function(t)
  settings(t)
  local c = t:call{}
  c:expect_status(200, "500ms")
  c:dtmf("9")
  c:expect_log("no choice digit=9", "1s")
  c:expect_log("no choice digit= reason=timeout", "7s")
  c:expect_log("no choice digit= reason=timeout", "7s")
  c:expect_bye()
  t:eq(c:header("Reason"), 'Q.850;cause=16;text="no choice"')
end)

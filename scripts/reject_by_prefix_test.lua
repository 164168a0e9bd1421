local function settings(t)
  t:set_config("called", { "900", "+881" })
  t:set_config("callers", { "0190" })
  t:set_config("auto_answer", true)
  t:set_config("auto_answer_delay_ms", 1000)
  t:set_config("tone_frequency", 440)
  t:set_config("tone_duration_seconds", 30)
end

test("refuses by the called number", function(t)
  settings(t)
  local c = t:call{ to = "9001234" }
  c:expect_status(403)
  c:expect_log("refused from=caller to=9001234 prefix=900")
  t:call{ to = "+8811" }:expect_status(403)
end)

test("refuses by the caller, with the code that is set", function(t)
  settings(t)
  t:set_config("code", 603)
  t:call{ from = "01905" }:expect_status(603)
end)

test("asks for a number when it is told to", function(t)
  settings(t)
  t:call{ from = "anonymous" }:expect_status(200, "1s")
  t:set_config("anonymous", true)
  t:call{ from = "anonymous" }:expect_status(433)
end)

test("does with the others what default.lua does", function(t)
  settings(t)
  local c = t:call{ to = "1900", from = "100190" }
  c:expect_status(180)
  c:expect_status(200, "1s")
  c:expect_tone(440, "20ms")
  c:expect_bye("30s")
  c:expect_log("the call is over by=script")
end)

test("without settings nobody is refused", function(t)
  t:set_config("auto_answer_delay_ms", 0)
  t:call{ to = "900" }:expect_status(200)
end)

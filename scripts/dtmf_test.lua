-- Tests of dtmf.lua.

test("digits by RFC 4733 come back by RFC 4733", function(t)
  t:set_config("expect", "123#")
  t:set_config("via", "rfc4733")
  local c = t:call{}
  c:expect_status(200)
  c:dtmf("123#", { on = "80ms" })
  c:expect_log("digit=1 via=rfc4733 ms=80")
  c:expect_dtmf("123#", "4s")
  c:expect_bye("1s")
  t:eq(c.record.verdict, "pass")
  t:eq(c.record.vars, { digits = "123#", via = "rfc4733", shortest_ms = 80 })
end)

test("digits as sound come back as sound", function(t)
  t:set_config("on", "200ms")
  for _, codec in ipairs{ "PCMU", "PCMA" } do
    local c = t:call{ codecs = { codec }, dtmf = false }
    c:expect_status(200)
    t:eq(c.codec, codec)
    c:speak("dtmf:19D")
    c:expect_log("digit=1 via=inband")
    c:expect_log("digit=9 via=inband", "300ms")
    c:expect_log("digit=D via=inband", "300ms")
    c:expect_tone({ 697, 1209 }, "3s")
    c:expect_tone({ 852, 1477 }, "300ms")
    c:expect_tone({ 941, 1633 }, "300ms")
    c:expect_bye("1s")
    t:eq(c.record.vars.digits, "19D")
    t:eq(c.record.vars.via, "inband")
  end
end)

test("digits by INFO come back by INFO", function(t)
  local c = t:call{ dtmf = false }
  c:expect_status(200)
  c:info("application/dtmf-relay", "Signal=5\r\nDuration=120")
  c:expect_log("digit=5 via=info ms=120")
  c:expect_bye("3s")
  t:eq(c.record.verdict, "pass")
end)

test("digits as sound of one who takes telephone-events are not looked for", function(t)
  local c = t:call{}
  c:expect_status(200)
  c:speak("dtmf:123")
  c:expect_bye("11s")
  t:eq(c.record.verdict, "fail")
  t:eq(c.record.vars.digits, "")
end)

test("a press that comes as sound and by INFO is one", function(t)
  local c = t:call{ dtmf = false }
  c:expect_status(200)
  c:speak("dtmf:5w")
  c:info("application/dtmf", "5")
  c:speak("dtmf:6w")
  c:info("application/dtmf", "6")
  c:expect_bye("5s")
  t:eq(c.record.vars.digits, "56")
  t:eq(c.record.vars.via, "mixed")
end)

test("other digits than expected, another way, and none", function(t)
  t:set_config("expect", "12")
  local c = t:call{}
  c:dtmf("13")
  c:expect_bye("5s")
  t:eq(c.record.verdict, "fail")
  t:set_config("via", "inband")
  c = t:call{}
  c:dtmf("12")
  c:expect_bye("5s")
  t:eq(c.record.verdict, "fail")
  c = t:call{}
  c:expect_status(200)
  c:expect_bye("11s")
  t:eq(c.record.verdict, "fail")
end)

test("names the targets in order", function(t)
  t:set_config("to", { "sip:{user}@192.0.2.10", "sip:operator@192.0.2.11" })
  local c = t:call{ to = "100" }
  c:expect_status(302)
  t:eq(c:header("Contact"), "<sip:100@192.0.2.10>;q=1.000")
  t:eq(c.record.by, "script")
end)

test("with another code, and an escaped number", function(t)
  t:set_config("to", { "sip:{user}@192.0.2.10" })
  t:set_config("code", 301)
  local c = t:call{ to = "a%20b" }
  c:expect_status(301)
  t:eq(c:header("Contact"), "<sip:a%20b@192.0.2.10>")
end)

test("without settings it says what to do", function(t)
  local c = t:call{}
  c:expect_status(404)
  c:expect_log("set to in [script.redirect]")
end)

local function settings(t)
  t:set_config("auto_answer", true)
  t:set_config("auto_answer_delay_ms", 0)
  t:set_config("tone_frequency", 440)
  t:set_config("tone_duration_seconds", 1)
end

test("does what the service says, and tells it both numbers", function(t)
  settings(t)
  t:stub_http("http://127.0.0.1:8000/route?from=%2B4930&to=900", { json = { action = "reject", code = 603 } })
  t:stub_http("http://127.0.0.1:8000/route?from=%2B4930&to=200", { json = { action = "redirect", to = { "sip:200@192.0.2.10" } } })
  t:stub_http("http://127.0.0.1:8000/route?from=%2B4930&to=100", { json = { action = "answer" }, delay = "500ms" })
  t:call{ from = "+4930", to = "900" }:expect_status(603)
  local c = t:call{ from = "+4930", to = "200" }
  c:expect_status(302)
  t:eq(c:header("Contact"), "<sip:200@192.0.2.10>")
  c = t:call{ from = "+4930", to = "100" }
  c:expect_status(200, "500ms")
  c:expect_tone(440, "20ms")
end)

for what, answer in pairs{
  ["is down"] = { error = "connection refused" },
  ["fails"] = { status = 500, body = "oops" },
  ["speaks no JSON"] = { body = "hello" },
  ["says nothing"] = { json = "x" },
} do
  test("answers when the service " .. what, function(t)
    settings(t)
    t:stub_http("*", answer)
    local c = t:call{}
    c:expect_status(200, "5s")
    c:expect_tone(440, "20ms")
    c:expect_log("lookup failed")
  end)
end

test("does not wait for a slow one longer than it may", function(t)
  settings(t)
  t:set_config("retries", 0)
  t:stub_http("*", { delay = "1m", json = { action = "reject" } })
  local c = t:call{}
  c:expect_status(200, "800ms")
end)

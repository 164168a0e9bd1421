test("refuses with the code that is set", function(t)
  t:set_config("code", 403)
  local c = t:call{ from = "01905", to = "100" }
  c:expect_status(403)
  c:expect_log("refused from=01905 to=100")
end)

test("is busy without one", function(t)
  t:set_config("code", nil)
  t:call{}:expect_status(486)
end)

-- At this time the caller hears this tone.
local function hears(t, hz, text)
  t:set_config("open", "mon-thu 09:00-17:30; fri 09:00-15:00")
  t:set_config("holidays", "dec 24-dec 26; dec 31-jan 1")
  t:set_config("zone", "Europe/Berlin")
  t:set_time(text, "Europe/Berlin")
  local c = t:call{}
  c:expect_status(180)
  c:expect_status(200, "1s")
  c:expect_tone(hz, "20ms")
  c:expect_bye("2s")
end

test("on weekdays", function(t)
  hears(t, 440, "2026-01-05 08:59:58") -- a Monday
  hears(t, 880, "2026-01-05 09:00")
  hears(t, 880, "2026-01-05 17:29")
  hears(t, 440, "2026-01-05 17:30")
end)

test("on Friday afternoon and at the weekend", function(t)
  hears(t, 880, "2026-01-09 14:59")
  hears(t, 440, "2026-01-09 15:00")
  hears(t, 440, "2026-01-10 12:00")
end)

test("on holidays", function(t)
  hears(t, 440, "2026-12-24 12:00") -- a Thursday
  hears(t, 440, "2027-01-01 12:00") -- a Friday
  hears(t, 880, "2027-01-04 12:00")
end)

-- At these times the caller hears these tones.
local function hears(t, hz, text)
  t:set_time(text, "Europe/Berlin")
  local c = t:call{}
  c:expect_status(180)
  c:expect_status(200, "1s")
  c:expect_tone(hz, "20ms")
  c:expect_bye("1s")
  t:eq(c.record.vars.open, hz == 880)
end

test("open on weekdays from 9:00 to 17:30", function(t)
  t:set_config("zone", "Europe/Berlin")
  hears(t, 440, "2026-01-05 08:59:59") -- a Monday
  hears(t, 880, "2026-01-05 09:00:00")
  hears(t, 880, "2026-01-05 17:29")
  hears(t, 440, "2026-01-05 17:30")
  hears(t, 440, "2026-01-10 12:00") -- a Saturday
end)

test("holidays come before weekdays", function(t)
  t:set_config("zone", "Europe/Berlin")
  t:set_config("holidays", "dec 24-dec 26; jan 1")
  hears(t, 880, "2026-12-23 12:00")
  hears(t, 440, "2026-12-24 12:00")
  hears(t, 440, "2027-01-01 12:00")
end)

test("in summer, too", function(t)
  t:set_config("zone", "Europe/Berlin")
  t:set_config("open", "09:00-17:30")
  hears(t, 880, "2026-07-01 09:00")
  t:set_config("zone", "UTC")
  hears(t, 440, "2026-07-01 09:00")
end)

-- Says numbers and the like with the prompts in sounds/en. Each function returns a list of sounds, for call:play,
-- gather{ prompt = … } and say.list:
--
--   local say = require("lib.say")
--   call:play(say.list("your-number-is", say.digits(call.cli)), { barge = true })

local say = {}

local named = { ["*"] = "star", ["#"] = "pound", ["+"] = "plus" }

local function sound(name) return "en/" .. name .. ".wav" end

local function add(list, name) list[#list + 1] = sound(name) end

-- "4711", "+49 30 123", "*21#": one after the other. Spaces, dashes, dots and brackets are left out.
function say.digits(text)
  local list = {}
  for c in tostring(text):gmatch("[^ %-%.%(%)]") do
    if not c:find("%d") and not named[c] then
      error(("say.digits: %q has no digit of a telephone in %q"):format(tostring(text), c), 2)
    end
    add(list, named[c] or c)
  end
  return list
end

local function below1000(list, n)
  if n >= 100 then
    add(list, math.floor(n / 100))
    add(list, "hundred")
    n = n % 100
  end
  if n > 20 then
    add(list, n - n % 10)
    n = n % 10
  end
  if n > 0 then add(list, n) end
end

-- 42, -7, 1234567, "3.14": up to 999,999,999, and what is behind the point as it is written.
function say.number(number)
  local sign, whole, rest = tostring(number):match("^(%-?)(%d+)%.?(%d*)$")
  local n = tonumber(whole)
  if not n or n > 999999999 then
    error(("say.number: %s is not a number from -999999999 to 999999999"):format(tostring(number)), 2)
  end
  local list = {}
  if sign == "-" then add(list, "minus") end
  if n == 0 then add(list, 0) end
  for _, unit in ipairs { { 1000000, "million" }, { 1000, "thousand" }, { 1 } } do
    local count = math.floor(n / unit[1])
    if count > 0 then
      below1000(list, count)
      if unit[2] then add(list, unit[2]) end
      n = n % unit[1]
    end
  end
  if rest ~= "" then
    add(list, "point")
    for c in rest:gmatch(".") do add(list, c) end
  end
  return list
end

-- "22:05" is ten oh five p.m.
function say.time(text)
  local hour, minute = tostring(text):match("^(%d%d?):(%d%d)$")
  hour, minute = tonumber(hour), tonumber(minute)
  if not hour or hour > 23 or minute > 59 then
    error(("say.time: %q is not a time such as 22:05"):format(tostring(text)), 2)
  end
  local list = say.number((hour + 11) % 12 + 1)
  if minute > 0 then
    if minute < 10 then add(list, "oh") end
    below1000(list, minute)
  end
  add(list, hour < 12 and "am" or "pm")
  return list
end

-- Lists and names of prompts in one list: say.list("press", say.digits(1), "to-listen").
function say.list(...)
  local all = {}
  for _, part in ipairs { ... } do
    if type(part) == "table" then
      for _, name in ipairs(part) do all[#all + 1] = name end
    else
      add(all, part)
    end
  end
  return all
end

return say

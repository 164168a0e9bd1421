-- What the documents in twiml/ do, with Offhook's verbs. What was a web service for /chosen are the branches of an if.

local function menu(call)
  local digit = call:gather{ prompt = "menu.wav", max = 1, finish = false, timeout = "5s" }
  if digit == "1" then
    call:play("sales.wav")
  elseif digit == "2" then
    call:silence("1s")
    call:play("support.wav")
  elseif digit ~= "" then
    return menu(call)
  else
    call:play("goodbye.wav")
  end
end

function on_call(call)
  if not call:answer() then return end
  menu(call)
  call:hangup()
end

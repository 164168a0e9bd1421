-- A second 200 with another description follows the first one, as from a phone that answered at the same moment.
local other = [[
v=0
o=- 1 1 IN IP4 192.0.2.66
s=-
c=IN IP4 192.0.2.66
t=0 0
m=audio 4000 RTP/AVP 8
]]

function on_call(call)
  call:fault{ on = "200 INVITE", also = true, times = 1, delay = "100ms", body = other, set = { To = "<sip:other@192.0.2.66>;tag=other" } }
  call:answer()
  call:wait("hangup")
end

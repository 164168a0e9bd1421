-- A second 200 with another description follows the first one. With set = { To = "<sip:b@192.0.2.66>;tag=b" } it would be
-- that of a second phone, which answered at the same moment (RFC 3261 §13.2.2.4).
local other = [[
v=0
o=- 1 1 IN IP4 192.0.2.66
s=-
c=IN IP4 192.0.2.66
t=0 0
m=audio 4000 RTP/AVP 8
]]

function on_call(call)
  call:fault{ on = "200 INVITE", also = true, times = 1, delay = "100ms", body = other }
  call:answer()
  call:wait("hangup")
end

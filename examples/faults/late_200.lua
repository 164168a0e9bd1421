-- The caller gives up and gets its 487, and then a 200, as from a proxy whose phones were not told in time.
local answer = [[
v=0
o=- 1 1 IN IP4 192.0.2.66
s=-
c=IN IP4 192.0.2.66
t=0 0
m=audio 4000 RTP/AVP 0
]]

function on_call(call)
  call:fault{ on = "487", also = true, times = 1, delay = "300ms", status = 200, add = { Contact = "${contact}" }, body = answer }
  call:ring()
  call:wait("hangup")
end

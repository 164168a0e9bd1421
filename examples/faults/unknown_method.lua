-- In the call comes a request with a method that nobody knows: it must get 501, and the call goes on (RFC 3261 §8.2.1).
local request = [[
FOO ${uri} SIP/2.0
Via: ${via}
Max-Forwards: 70
From: ${from}
To: ${to}
Call-ID: ${call-id}
CSeq: ${cseq}

]]

function on_call(call)
  call:answer()
  call:send_raw(request)
  call:wait("hangup")
end

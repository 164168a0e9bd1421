-- What header fields may look like: compact names, one twice, none where one has to be.
function on_call(call)
  call:fault{
    on = "200 INVITE",
    remove = { "Supported", "Allow", "Contact" },
    set = { Server = "" },
    add = { m = "${contact}", ["X-Call"] = "${call-id}", Server = "another one" },
  }
  call:answer()
  call:wait("hangup")
end

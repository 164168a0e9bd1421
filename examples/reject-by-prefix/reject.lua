-- Refuses every call. Which calls come here is said by the routes in offhook.toml.

function on_call(call)
  log.info("refused", { from = call.from.user, to = call.ruri.user })
  call:reject(config.get("code", 486))
end

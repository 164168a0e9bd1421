-- Computes, and makes some 60 KB of garbage, 100 times a second.
function on_call(call)
  call:answer()
  while call:alive() do
    local sum, text = 0, ("garbage "):rep(6000)
    for i = 1, 100 do local t = { i, text } end
    for i = 1, 2000 do sum = sum + i % 7 end
    call:sleep("10ms")
  end
end

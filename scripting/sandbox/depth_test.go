package sandbox

import (
	"fmt"
	"testing"
)

// TestErrorAtEveryDepth: an error is caught at each depth, at the ends of the stack's segments above all, and the functions below
// go on with their own frames. Upstream's way back loses a segment when the frames that stay fill one.
func TestErrorAtEveryDepth(t *testing.T) {
	source := `
local function deeper(n) if n == 0 then error("bottom", 0) end return 1 + deeper(n - 1) end
local function climb(n, below)
  if n > 0 then local got = climb(n - 1, below) return got + 1 end
  local ok, why = pcall(deeper, below)
  local again = select(2, pcall(deeper, below))
  return (not ok and why == "bottom" and again == "bottom") and 0 or error("got " .. tostring(why))
end
local sum = 0
for n = 0, 24 do for below = 0, 24 do sum = sum + climb(n, below) end end
print(sum)`
	expect(t, source, "7500")
}

// TestStackOverflow: it is an error with its line, at the depth that the limits say; the handler of an error has room to call
// something even then, and the stack can be used to its depth again afterwards, in coroutines too.
func TestStackOverflow(t *testing.T) {
	source := `
local depth = 0
local function down() depth = depth + 1
  return 1 + down()
end
local function measure() depth = 0 local ok, why = pcall(down) return depth, why end
local function handler(why) local function a() local function b() return "handled " .. why end return b() end return a() end
local first, why = measure()
local _, handled = xpcall(down, handler)
print(first, why, handled, (measure()), (coroutine.wrap(measure)()))`
	for _, c := range []struct{ limit, depth int }{{17, 24}, {24, 24}, {0, 64}, {200, 200}} {
		// main chunk, measure and pcall; in a coroutine the main chunk is not there
		const overflow = "main.lua:4: stack overflow"
		got, err := run(t, source, Limits{CallDepth: c.limit})
		want := fmt.Sprintf("%d\t%s\thandled %s\t%d\t%d", c.depth-3, overflow, overflow, c.depth-3, c.depth-2)
		if err != nil || got != want {
			t.Errorf("limit %d: got %q, %v; want %q", c.limit, got, err, want)
		}
	}
}

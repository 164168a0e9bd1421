package sandbox

import (
	"fmt"
	"strings"
	"testing"
)

// TestPresizedTables: tables that get their room in advance are as others are, and a table is only given its own fields' room.
func TestPresizedTables(t *testing.T) {
	for _, c := range []struct{ name, source, want string }{
		{"local", `local t = {} t.b = 1 t.a = 2 t.c = nil for k, v in pairs(t) do print(k, v) end print(next({}))`, "b\t1 a\t2 nil"},
		{"global", `t = {} t.a = 1 t["b"] = 2 print(t.a + t.b, #t)`, "3\t0"},
		{"functions", `local t = {} function t.f() return 1 end function t:g() return self.f() + 1 end print(t.f(), t:g())`, "1\t2"},
		{"empty for now", `local t = {} if next(t) then return end t.a = 1 t.b = 2 print(next(t))`, "a\t1"},
		{"removed", `local t = {} t.a = 1 t.b = 2 t.a = nil print(next(t), t.a)`, "b\tnil"},
		{"array", `local t = {} t[1] = 7 t.a = 1 t.b = 2 t[2] = 8 print(#t, table.concat(t, ","))`, "2\t7,8"},
		{"each its own", `local all = {} for i = 1, 2 do local t = {} t.a = i t.b = i all[i] = t end print(all[1].a, all[2].a, all[1] == all[2])`, "1\t2\tfalse"},
		{"made anew", `local t = {} t.a = 1 t.b = 2 t = {} print(t.a) t.c = 3 t.d = 4 print(t.c)`, "nil 3"},
		{"in its own fields", `local t = {} t.f = function() return t end t.g = 1 print(t.f() == t)`, "true"},
		{"a global of the same name in its initial value", `t = 5 local t = {} t.a = 1 t.b = t.a print(t.b, _G.t)`, "1\t5"},
	} {
		t.Run(c.name, func(t *testing.T) { expect(t, c.source, c.want) })
	}
}

// TestPresizedTablesCount: room made in advance is memory, used or not.
func TestPresizedTablesCount(t *testing.T) {
	var stores strings.Builder
	for i := range mostFields {
		fmt.Fprintf(&stores, "t.f%d = 1\n", i)
	}
	_, err := run(t, fmt.Sprintf("local all = {} for i = 1, 1e6 do local t = {} all[i] = t if t then goto skip end\n%s::skip:: end", stores.String()), Limits{})
	if limit, ok := err.(*LimitError); !ok || limit.Limit != LimitMemory {
		t.Errorf("got %v, want the limit of memory", err)
	}
}

package sandbox

import (
	"unsafe"

	lua "github.com/yuin/gopher-lua"
)

// What values take on the heap, in bytes, as measured with Go 1.26. Maps do not tell how much room they have; what they
// are taken for is between what small and large ones take.
const (
	tableBytes   = 112
	hashBytes    = 600 // of a table with any key that is no array index: two maps and the list of keys
	keyBytes     = 96  // of each such key
	slotBytes    = 16  // of an array
	numberBytes  = 8
	stringBytes  = 16 // and its length
	closureBytes = 72
	captureBytes = 64   // a captured variable
	threadBytes  = 16e3 // a coroutine: its stacks and its goroutine
	countOnce    = 64   // strings from this length on are shared more often than not
)

// Measure looks at the memory that the state's values take now, in bytes, by estimate. It stops when that is over the limit.
func (s *State) Measure() int {
	w := walk{max: s.limits.Memory, seen: make(map[unsafe.Pointer]struct{}, 64), shared: s.shared}
	w.visit(s.main.Env)
	w.stack(s.main)
	for L := range s.coroutines {
		w.bytes += threadBytes
		w.stack(L)
	}
	for _, co := range s.coroutines {
		w.visit(co.fn)
	}
	w.keeper(s.owner)
	w.run()
	b := &s.budget
	b.memory, b.charged, b.unmeasured = w.bytes, 0, 0
	return w.bytes
}

// walk adds up what can be reached.
type walk struct {
	max, bytes int
	todo       []lua.LValue
	seen       map[unsafe.Pointer]struct{}
	shared     *Shared
}

func (w *walk) run() {
	for len(w.todo) > 0 && w.bytes <= w.max {
		last := len(w.todo) - 1
		v := w.todo[last]
		w.todo = w.todo[:last]
		switch v := v.(type) {
		case *lua.LTable:
			w.table(v)
		case *lua.LFunction:
			w.function(v)
		case *lua.LUserData:
			w.keeper(v.Value)
		}
	}
}

// visit counts a value, and puts those that hold others on the list.
func (w *walk) visit(v lua.LValue) {
	switch v := v.(type) {
	case lua.LNumber:
		w.bytes += numberBytes
	case lua.LString:
		w.bytes += stringBytes
		if len(v) < countOnce || w.first(unsafe.Pointer(unsafe.StringData(string(v)))) {
			w.bytes += len(v)
		}
	case *lua.LTable:
		if w.first(unsafe.Pointer(v)) {
			w.todo = append(w.todo, v)
		}
	case *lua.LFunction:
		if (!v.IsG || len(v.Upvalues) > 0) && w.first(unsafe.Pointer(v)) {
			w.todo = append(w.todo, v)
		}
	case *lua.LUserData:
		if _, ok := v.Value.(Keeper); ok && w.first(unsafe.Pointer(v)) {
			w.todo = append(w.todo, v)
		}
	}
}

func (w *walk) first(p unsafe.Pointer) bool {
	if _, seen := w.seen[p]; seen {
		return false
	}
	w.seen[p] = struct{}{}
	return true
}

func (w *walk) table(t *lua.LTable) {
	in := tableOf(t)
	w.bytes += tableBytes + slotBytes*cap(in.array)
	if in.keys != nil {
		// Deleted ones stay (gopher-lua issue 214). Of a table that was made with room for some, those count, too.
		w.bytes += hashBytes + keyBytes*max(len(in.keys), cap(in.keys)/2)
	}
	if w.bytes > w.max {
		return
	}
	for _, v := range in.array {
		w.visit(v)
	}
	for _, k := range in.keys {
		w.visit(k)
	}
	for _, v := range in.strdict {
		w.visit(v)
	}
	for _, v := range in.dict {
		w.visit(v)
	}
	if mt, ok := t.Metatable.(*lua.LTable); ok && mt != w.shared.environment {
		w.visit(mt)
	}
}

func (w *walk) function(fn *lua.LFunction) {
	w.bytes += closureBytes
	for _, uv := range fn.Upvalues {
		w.bytes += slotBytes
		if uv != nil && w.first(unsafe.Pointer(uv)) {
			w.bytes += captureBytes
			w.visit(uv.Value())
		}
	}
}

func (w *walk) stack(L *lua.LState) {
	in := stateOf(L)
	for _, v := range in.reg.array[:in.reg.top] {
		w.visit(v)
	}
	for f := in.currentFrame; f != nil; f = f.Parent {
		w.visit(f.Fn)
	}
}

func (w *walk) keeper(v any) {
	if k, ok := v.(Keeper); ok {
		k.Keep(w.visit)
	}
}

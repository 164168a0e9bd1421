package sandbox

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"unsafe"

	lua "github.com/yuin/gopher-lua"
)

// The types of this file have the layout of gopher-lua's, with their private fields. They are here because upstream's
// own PCall closes the captured variables of every function on the stack when an error is caught (issue 448), and
// because no exported function tells how big a table is. checkLayout compares them field by field at start.

type luaState struct {
	G       *lua.Global
	Parent  *lua.LState
	Env     *lua.LTable
	Panic   func(*lua.LState)
	Dead    bool
	Options lua.Options

	stop         int32
	reg          *registry
	stack        frames
	alloc        unsafe.Pointer
	currentFrame *callFrame
	wrapped      bool
	uvcache      *upvalue
	hasErrorFunc bool
	mainLoop     unsafe.Pointer
	ctx          context.Context
	ctxCancelFn  context.CancelFunc
}

// frames is the interface value of a fixed call stack.
type frames struct {
	itab  unsafe.Pointer
	fixed *fixedFrames
}

type fixedFrames struct {
	array []callFrame
	sp    int
}

type callFrame struct {
	Idx        int
	Fn         *lua.LFunction
	Parent     *callFrame
	Pc         int
	Base       int
	LocalBase  int
	ReturnBase int
	NArgs      int
	NRet       int
	TailCall   int
}

type registry struct {
	array   []lua.LValue
	top     int
	growBy  int
	maxSize int
	alloc   unsafe.Pointer
	handler any
}

type upvalue struct {
	next   *upvalue
	reg    *registry
	index  int
	value  lua.LValue
	closed bool
}

type luaTable struct {
	Metatable lua.LValue

	array   []lua.LValue
	dict    map[lua.LValue]lua.LValue
	strdict map[string]lua.LValue
	keys    []lua.LValue
	k2i     map[lua.LValue]int
}

func stateOf(L *lua.LState) *luaState     { return (*luaState)(unsafe.Pointer(L)) }
func tableOf(t *lua.LTable) *luaTable     { return (*luaTable)(unsafe.Pointer(t)) }
func (u *upvalue) upstream() *lua.Upvalue { return (*lua.Upvalue)(unsafe.Pointer(u)) }

// checkLayout tells how the gopher-lua that we are linked with differs from the one this file was written for.
func checkLayout() error {
	L := lua.NewState(lua.Options{SkipOpenLibs: true, CallStackSize: 1, RegistrySize: 128})
	state := reflect.ValueOf(L).Elem()
	stack := state.FieldByName("stack")
	if stack.Kind() != reflect.Interface {
		return fmt.Errorf("gopher-lua differs: LState.stack is %s", stack.Type())
	}
	elem := func(field string) reflect.Type {
		f, _ := state.Type().FieldByName(field)
		return f.Type.Elem()
	}
	for _, pair := range []struct{ theirs, ours reflect.Type }{
		{state.Type(), reflect.TypeFor[luaState]()},
		{stack.Elem().Type().Elem(), reflect.TypeFor[fixedFrames]()},
		{elem("currentFrame"), reflect.TypeFor[callFrame]()},
		{elem("reg"), reflect.TypeFor[registry]()},
		{reflect.TypeFor[lua.Upvalue](), reflect.TypeFor[upvalue]()},
		{reflect.TypeFor[lua.LTable](), reflect.TypeFor[luaTable]()},
	} {
		if err := sameLayout(pair.theirs, pair.ours); err != nil {
			return fmt.Errorf("gopher-lua differs: %w", err)
		}
	}
	return nil
}

func sameLayout(theirs, ours reflect.Type) error {
	if theirs.NumField() != ours.NumField() {
		return fmt.Errorf("%s has %d fields, not %d", theirs, theirs.NumField(), ours.NumField())
	}
	for i := range theirs.NumField() {
		t, o := theirs.Field(i), ours.Field(i)
		if t.Name != o.Name || t.Offset != o.Offset || t.Type.Size() != o.Type.Size() || !sameShape(t.Type, o.Type) {
			return fmt.Errorf("%s.%s is %s at %d, not %s %s at %d", theirs, t.Name, t.Type, t.Offset, o.Name, o.Type, o.Offset)
		}
	}
	return nil
}

// sameShape allows the few fields that we name another way: pointers and functions that are not looked into, the call
// stack's interface, and pointers to types that are compared on their own.
func sameShape(theirs, ours reflect.Type) bool {
	switch {
	case theirs == ours:
		return true
	case ours.Kind() == reflect.UnsafePointer:
		return theirs.Kind() == reflect.Pointer || theirs.Kind() == reflect.Func
	case ours == reflect.TypeFor[frames](), ours.Kind() == reflect.Interface:
		return theirs.Kind() == reflect.Interface
	case ours.Kind() == reflect.Slice:
		return theirs.Kind() == reflect.Slice && sameShape(theirs.Elem(), ours.Elem())
	case ours.Kind() == reflect.Pointer:
		return theirs.Kind() == reflect.Pointer && sameShape(theirs.Elem(), ours.Elem())
	}
	return ours.Kind() == theirs.Kind() && strings.EqualFold(baseName(ours), baseName(theirs))
}

// baseName maps the names that differ.
func baseName(t reflect.Type) string {
	name := t.Name()
	if upstream, ok := map[string]string{"fixedFrames": "fixedCallFrameStack"}[name]; ok {
		return upstream
	}
	return name
}

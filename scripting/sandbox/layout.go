package sandbox

import (
	"context"
	"fmt"
	"os"
	"reflect"
	"unsafe"

	lua "github.com/yuin/gopher-lua"
)

// The types of this file have the layout of gopher-lua's, with their private fields. They are here because
//   - upstream's PCall closes the captured variables of every function on the stack when an error is caught (issue 448),
//   - upstream's NewState and NewThread make 9 KB of tables and stack that a call does not need,
//   - no exported function tells how big a table is.
//
// checkLayout compares them with upstream's, field by field, before anything uses them.

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
	alloc        *allocator
	currentFrame *callFrame
	wrapped      bool
	uvcache      *upvalue
	hasErrorFunc bool
	mainLoop     unsafe.Pointer
	ctx          context.Context
	ctxCancelFn  context.CancelFunc
}

// frames is the interface value of a call stack that grows.
type frames struct {
	itab    unsafe.Pointer
	growing *growingFrames
}

// growingFrames takes its segments, but for the first one, from a pool of the process, and gives one back when the last
// frame of the segment before it is taken away. Nothing points to a frame any more by then.
type growingFrames struct {
	segments []*frameSegment
	segIdx   uint16
	segSp    uint8 // frames in that segment
}

type frameSegment struct{ array [segmentFrames]callFrame }

const segmentFrames = lua.FramesPerSegment

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
	alloc   *allocator
	handler registryHandler
}

// registryHandler is the interface value of an interpreter.
type registryHandler struct {
	itab unsafe.Pointer
	L    *lua.LState
}

// allocator makes numbers into values, some at a time.
type allocator struct {
	size          int
	fptrs         []float64
	fheader       unsafe.Pointer // of fptrs
	scratchValue  lua.LValue
	scratchValueP unsafe.Pointer // of scratchValue
}

type global struct {
	MainThread    *lua.LState
	CurrentThread *lua.LState
	Registry      *lua.LTable
	Global        *lua.LTable

	builtinMts map[int]lua.LValue
	tempFiles  []*os.File
	gccount    int32
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
	upstream := reflect.ValueOf(newTemplate()).Elem()
	for _, name := range []string{"reg", "stack", "alloc", "currentFrame"} {
		if !upstream.FieldByName(name).IsValid() {
			return fmt.Errorf("gopher-lua differs: LState has no %s", name)
		}
	}
	pointed := func(name string) reflect.Type {
		f := upstream.FieldByName(name)
		if f.Kind() == reflect.Interface {
			return f.Elem().Type().Elem()
		}
		return f.Type().Elem()
	}
	for _, pair := range []struct{ theirs, ours reflect.Type }{
		{upstream.Type(), reflect.TypeFor[luaState]()},
		{pointed("stack"), reflect.TypeFor[growingFrames]()},
		{pointed("stack").Field(0).Type.Elem().Elem(), reflect.TypeFor[frameSegment]()},
		{pointed("currentFrame"), reflect.TypeFor[callFrame]()},
		{pointed("reg"), reflect.TypeFor[registry]()},
		{pointed("alloc"), reflect.TypeFor[allocator]()},
		{reflect.TypeFor[lua.Global](), reflect.TypeFor[global]()},
		{reflect.TypeFor[lua.Upvalue](), reflect.TypeFor[upvalue]()},
		{reflect.TypeFor[lua.LTable](), reflect.TypeFor[luaTable]()},
	} {
		if err := sameLayout(pair.theirs, pair.ours); err != nil {
			return fmt.Errorf("gopher-lua differs: %w", err)
		}
	}
	return nil
}

// sameLayout compares the fields of two structs.
func sameLayout(theirs, ours reflect.Type) error {
	if theirs.Kind() != reflect.Struct || theirs.NumField() != ours.NumField() {
		return fmt.Errorf("%s is not %s", theirs, ours)
	}
	for i := range theirs.NumField() {
		t, o := theirs.Field(i), ours.Field(i)
		if t.Name != o.Name || t.Offset != o.Offset || t.Type.Size() != o.Type.Size() || !sameShape(t.Type, o.Type) {
			return fmt.Errorf("%s.%s is a %s at %d, not %s, a %s at %d", theirs, t.Name, t.Type, t.Offset, o.Name, o.Type, o.Offset)
		}
	}
	return nil
}

// sameShape tells whether ours may stand for theirs. What a pointer points to is compared on its own, where we look at it.
func sameShape(theirs, ours reflect.Type) bool {
	switch {
	case theirs == ours:
		return true
	case ours.Kind() == reflect.Uint16:
		return theirs.Kind() == reflect.Uint16
	case ours.Kind() == reflect.UnsafePointer, ours.Kind() == reflect.Pointer:
		return theirs.Kind() == reflect.Pointer || theirs.Kind() == reflect.Func
	case ours.Kind() == reflect.Slice, ours.Kind() == reflect.Array:
		return theirs.Kind() == ours.Kind() && theirs.Elem().Size() == ours.Elem().Size()
	}
	return theirs.Kind() == reflect.Interface && ours.Kind() == reflect.Struct // frames, registryHandler
}

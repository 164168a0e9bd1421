package sandbox

import lua "github.com/yuin/gopher-lua"

// Chunk is a compiled file. It never changes, so all states may share it.
type Chunk struct {
	name  string
	proto *lua.FunctionProto
}

// Name is the name given to Compile.
func (c *Chunk) Name() string { return c.name }

// Compile compiles a file; name is what errors call it. The error is a *SyntaxError.
func Compile(name, source string, l Limits) (*Chunk, error) { panic("sandbox: not yet") }

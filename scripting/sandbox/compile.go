package sandbox

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
	"github.com/yuin/gopher-lua/parse"
)

// Chunk is a compiled file. It never changes, so all states may share it.
type Chunk struct {
	name  string
	proto *lua.FunctionProto
}

// Name is the name given to Compile.
func (c *Chunk) Name() string { return c.name }

// Syntax is a parsed file.
type Syntax struct {
	name   string
	limits Limits
	stmts  []ast.Stmt
}

// Name is the name given to Parse.
func (s *Syntax) Name() string { return s.name }

// Stmts are the statements of the file, to look at until Compile was called. Chains of operators can be nested deeper in
// them than Limits.Depth, which Compile refuses.
func (s *Syntax) Stmts() []ast.Stmt { return s.stmts }

// Parse parses a file; name is what errors call it. The error is a *SyntaxError.
func Parse(name, source string, l Limits) (*Syntax, error) {
	configure()
	l = l.withDefaults()
	if len(source) > l.Source {
		return nil, &SyntaxError{File: name, Line: 1, Message: fmt.Sprintf("file of %d bytes is larger than %d", len(source), l.Source)}
	}
	if line := tooDeep(source, l.Depth); line > 0 {
		return nil, &SyntaxError{File: name, Line: line, Message: fmt.Sprintf("nested too deep (%d levels)", l.Depth)}
	}
	stmts, err := parse.Parse(strings.NewReader(source), name)
	if err != nil || stmts == nil {
		return nil, syntaxError(name, source, err)
	}
	return &Syntax{name, l, stmts}, nil
}

// Compile makes the chunk, once: it uses the statements up. The error is a *SyntaxError.
func (s *Syntax) Compile() (*Chunk, error) {
	r := &rewriter{file: s.name, maxDepth: s.limits.Depth}
	stmts, failed := r.rewrite(s.stmts)
	s.stmts = nil
	if failed != nil {
		return nil, failed
	}
	proto, err := compile(stmts, s.name)
	if err != nil {
		return nil, err
	}
	return &Chunk{name: s.name, proto: proto}, nil
}

// Compile parses and compiles a file.
func Compile(name, source string, l Limits) (*Chunk, error) {
	s, err := Parse(name, source, l)
	if err != nil {
		return nil, err
	}
	return s.Compile()
}

// compile is the upstream compiler, with what it does not check.
func compile(chunk []ast.Stmt, name string) (proto *lua.FunctionProto, err error) {
	defer func() {
		if thrown := recover(); thrown != nil {
			err = &SyntaxError{File: name, Line: 1, Message: fmt.Sprintf("internal error of the compiler: %v", thrown)}
		}
	}()
	proto, err = lua.Compile(chunk, name)
	if failed := (*lua.CompileError)(nil); errors.As(err, &failed) {
		return nil, &SyntaxError{File: name, Line: max(failed.Line, 1), Message: failed.Message}
	}
	return proto, clip(proto)
}

// syntaxError makes upstream's error readable.
func syntaxError(name, source string, err error) *SyntaxError {
	failed := (*parse.Error)(nil)
	if !errors.As(err, &failed) {
		return &SyntaxError{File: name, Line: 1, Message: fmt.Sprintf("internal error of the parser: %v", err)}
	}
	e := &SyntaxError{File: name, Line: failed.Pos.Line, Message: strings.ToLower(failed.Message)}
	if failed.Pos.Line == parse.EOF {
		e.Line = strings.Count(strings.TrimRight(source, "\n"), "\n") + 1
		e.Message += " at the end of the file"
		return e
	}
	if failed.Pos.Column == 0 { // upstream has read the end of the line
		e.Line--
		return e
	}
	e.Column = max(failed.Pos.Column-len(failed.Token)+1, 1) // upstream tells where the token ends
	if failed.Token != "" {
		e.Message += fmt.Sprintf(" near '%.40s'", failed.Token)
	}
	return e
}

// clip lets go of what the compiler allocated in advance, most of 450 KB for 120 lines. It refuses functions whose size the
// instructions have too few bits for, which the compiler does not notice.
func clip(p *lua.FunctionProto) error {
	const maxJump, maxUpvalues = 1<<17 - 1, 255
	if len(p.Code) > maxJump || len(p.DbgUpvalues) > maxUpvalues {
		return &SyntaxError{File: p.SourceName, Line: max(p.LineDefined, 1), Message: fmt.Sprintf(
			"function is too large: %d instructions (at most %d), %d outer variables (at most %d)",
			len(p.Code), maxJump, len(p.DbgUpvalues), maxUpvalues)}
	}
	p.Code = slices.Clone(p.Code)
	mendGoto(p)
	p.Constants = slices.Clone(p.Constants)
	p.FunctionPrototypes = slices.Clone(p.FunctionPrototypes)
	p.DbgSourcePositions = slices.Clone(p.DbgSourcePositions)
	p.DbgLocals = nil // for a debugger
	p.DbgCalls = slices.Clone(p.DbgCalls)
	p.DbgUpvalues = slices.Clone(p.DbgUpvalues)
	for _, inner := range p.FunctionPrototypes {
		if err := clip(inner); err != nil {
			return err
		}
	}
	return nil
}

// mendGoto takes out what goto does too much: where no captured variable goes out of scope, the compiler leaves its
// OP_CLOSE at register 0, which closes those of the whole function, so that closures and the function no longer see the
// same variables. The rewriter gives functions with goto a local that makes 0 the register of nothing else.
func mendGoto(p *lua.FunctionProto) {
	if !slices.ContainsFunc(p.DbgLocals, func(l *lua.DbgLocalInfo) bool { return l.Name == gotoName }) {
		return
	}
	const opShift, argA uint32 = 26, 0xff << 18
	for i, instruction := range p.Code {
		if instruction>>opShift == uint32(lua.OP_CLOSE) && instruction&argA == 0 {
			p.Code[i] = uint32(lua.OP_NOP) << opShift
		}
	}
}

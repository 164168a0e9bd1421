package sandbox

import (
	"fmt"

	"github.com/yuin/gopher-lua/ast"
)

// rewriter changes a parsed file so that the upstream compiler makes of it what Lua says, and bounds what that compiler
// takes. Each cure has a test that shows what happens without it.
type rewriter struct {
	file     string
	maxDepth int
	depth    int
	concats  bool // the file has a ".."
	fn       *functionSize
	err      *SyntaxError // the first
}

// functionSize counts what the compiler takes quadratic time for, or has few bits for, in one function.
type functionSize struct {
	constants map[any]struct{}
	branches  int // jumps in it
	labels    int // and goto
}

const (
	maxConstants = 8192
	maxBranches  = 16384
	maxLabels    = 512
	// maxItems is how many values without a key a table constructor may have: later ones get wrong keys.
	maxItems = 25550
)

// rewrite returns the statements to compile.
func (r *rewriter) rewrite(chunk []ast.Stmt) ([]ast.Stmt, *SyntaxError) {
	chunk = r.body(chunk)
	if r.concats && r.err == nil {
		chunk = append([]ast.Stmt{localConcat(chunk)}, chunk...)
	}
	return chunk, r.err
}

// body rewrites a function's.
func (r *rewriter) body(stmts []ast.Stmt) []ast.Stmt {
	outer := r.fn
	r.fn = &functionSize{constants: map[any]struct{}{}}
	r.block(stmts)
	if r.fn.labels > 0 {
		mark := on(stmts[0].Line(), &ast.LocalAssignStmt{Names: []string{gotoName}})
		stmts = append([]ast.Stmt{mark}, stmts...)
	}
	r.fn = outer
	return stmts
}

// gotoName is a local variable that marks functions with goto for mendGoto.
const gotoName = " goto"

// localConcat is `local concat = concat`: functions then find the operator as an upvalue, which is faster than a global.
func localConcat(chunk []ast.Stmt) ast.Stmt {
	line := 1
	if len(chunk) > 0 {
		line = chunk[0].Line()
	}
	return on(line, &ast.LocalAssignStmt{Names: []string{concatName}, Exprs: []ast.Expr{on(line, &ast.IdentExpr{Value: concatName})}})
}

// fail keeps the first error; the rest of the file is passed over.
func (r *rewriter) fail(line int, format string, args ...any) {
	if r.err == nil {
		r.err = &SyntaxError{File: r.file, Line: line, Message: fmt.Sprintf(format, args...)}
	}
}

// enter goes one level deeper; false when that is too deep, or when all is lost already.
func (r *rewriter) enter(line int) bool {
	if r.depth >= r.maxDepth {
		r.fail(line, "nested too deep (%d levels)", r.maxDepth)
	}
	if r.err != nil {
		return false
	}
	r.depth++
	return true
}

func (r *rewriter) leave() { r.depth-- }

func (r *rewriter) constant(line int, value any) {
	r.fn.constants[value] = struct{}{}
	if len(r.fn.constants) > maxConstants {
		r.fail(line, "more than %d different names, strings and numbers in one function", maxConstants)
	}
}

func (r *rewriter) branch(line int) {
	if r.fn.branches++; r.fn.branches > maxBranches {
		r.fail(line, "more than %d comparisons and branches in one function", maxBranches)
	}
}

func (r *rewriter) label(line int) {
	if r.fn.labels++; r.fn.labels > maxLabels {
		r.fail(line, "more than %d labels and gotos in one function", maxLabels)
	}
}

// on gives a new node its line.
func on[T ast.PositionHolder](line int, node T) T {
	node.SetLine(line)
	node.SetLastLine(line)
	return node
}

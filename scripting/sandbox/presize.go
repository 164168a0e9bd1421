package sandbox

import (
	"strconv"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
)

// tableName is the global that the compiler calls for {} when the statements after it give the table fields. No script can
// write such a name.
const tableName = " table"

// Upstream gives an empty table room for 32 fields with the first one, 2 KB, and lets its list of keys grow one by one: a menu or
// a module of a script took more than all the rest of its call.
const (
	fewFields  = 2  // fewer are not worth the call
	mostFields = 64 // room for more is not made in advance
)

// presize makes
//
//	local t = {} … t.a = 1 … function t.b() end
//
// into a call that makes a table with room for a and b.
func (r *rewriter) presize(stmts []ast.Stmt) {
	fields := map[string]int{} // by the table's name, in the statements below
	for i := len(stmts) - 1; i >= 0; i-- {
		switch s := stmts[i].(type) {
		case *ast.FuncDefStmt:
			fields[owner(s.Name)]++
		case *ast.AssignStmt:
			for _, target := range s.Lhs {
				fields[tableOfField(target)]++
			}
			if name, ok := s.Lhs[0].(*ast.IdentExpr); ok && len(s.Lhs) == 1 && len(s.Rhs) == 1 {
				s.Rhs[0] = r.sized(s.Rhs[0], fields[name.Value])
				fields[name.Value] = 0
			}
		case *ast.LocalAssignStmt:
			if len(s.Names) == 1 && len(s.Exprs) == 1 {
				s.Exprs[0] = r.sized(s.Exprs[0], fields[s.Names[0]])
				fields[s.Names[0]] = 0
			}
		}
	}
}

// sized is the call in place of an empty table.
func (r *rewriter) sized(e ast.Expr, fields int) ast.Expr {
	if t, ok := e.(*ast.TableExpr); !ok || len(t.Fields) > 0 || fields < fewFields {
		return e
	}
	n := &ast.NumberExpr{Value: strconv.Itoa(min(fields, mostFields))}
	call := &ast.FuncCallExpr{Func: on(e.Line(), &ast.IdentExpr{Value: tableName}), Args: []ast.Expr{on(e.Line(), n)}, AdjustRet: true}
	return on(e.Line(), call)
}

// owner is t in function t.f() and function t:f(), "" in others.
func owner(name *ast.FuncName) string {
	if t, ok := name.Receiver.(*ast.IdentExpr); ok {
		return t.Value
	}
	return tableOfField(name.Func)
}

// tableOfField is t in t.name, "" in others.
func tableOfField(e ast.Expr) string {
	field, ok := e.(*ast.AttrGetExpr)
	if !ok {
		return ""
	}
	if _, ok := field.Key.(*ast.StringExpr); !ok {
		return ""
	}
	t, _ := field.Object.(*ast.IdentExpr)
	if t == nil {
		return ""
	}
	return t.Value
}

// NewTable makes a table with room for so many values without a key, and so many fields with a name. A Go function that makes
// one takes a third of the time of LState.NewTable's. It needs no state.
func NewTable(array, fields int) *lua.LTable {
	t := newTable(array, fields)
	if fields > 0 {
		in := tableOf(t)
		in.keys, in.k2i = make([]lua.LValue, 0, fields), make(map[lua.LValue]int, fields)
	}
	return t
}

// sizedTable makes a table with room for n fields.
func sizedTable(L *lua.LState) int {
	n := checkInt(L, 1)
	StateOf(L).budget.charge(n * keyBytes)
	L.Push(NewTable(0, n))
	return 1
}

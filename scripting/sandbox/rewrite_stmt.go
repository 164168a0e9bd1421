package sandbox

import (
	"github.com/yuin/gopher-lua/ast"
)

func (r *rewriter) block(stmts []ast.Stmt) {
	r.presize(stmts)
	for i, s := range stmts {
		stmts[i] = r.stmt(s)
	}
}

func (r *rewriter) stmt(s ast.Stmt) ast.Stmt {
	if !r.enter(s.Line()) {
		return s
	}
	defer r.leave()
	switch s := s.(type) {
	case *ast.AssignStmt:
		return r.assign(s)
	case *ast.LocalAssignStmt:
		r.exprs(s.Exprs)
	case *ast.FuncCallStmt:
		s.Expr = r.expr(s.Expr)
	case *ast.DoBlockStmt:
		r.block(s.Stmts)
	case *ast.WhileStmt:
		s.Condition = r.condition(s.Condition)
		r.block(s.Stmts)
	case *ast.RepeatStmt:
		r.block(s.Stmts)
		s.Condition = r.condition(s.Condition)
	case *ast.IfStmt:
		s.Condition = r.condition(s.Condition)
		r.block(s.Then)
		r.block(s.Else)
	case *ast.NumberForStmt:
		r.numberFor(s)
	case *ast.GenericForStmt:
		r.branch(s.Line())
		r.exprs(s.Exprs)
		r.block(s.Stmts)
	case *ast.FuncDefStmt:
		r.funcDef(s)
	case *ast.ReturnStmt:
		r.exprs(s.Exprs)
	case *ast.LabelStmt, *ast.GotoStmt:
		r.label(s.Line())
	}
	return s
}

func (r *rewriter) numberFor(s *ast.NumberForStmt) {
	r.branch(s.Line())
	s.Init, s.Limit = r.expr(s.Init), r.expr(s.Limit)
	if s.Step != nil {
		s.Step = r.expr(s.Step)
	}
	r.block(s.Stmts)
}

func (r *rewriter) funcDef(s *ast.FuncDefStmt) {
	if s.Name.Func != nil {
		s.Name.Func = r.expr(s.Name.Func)
	}
	if s.Name.Receiver != nil {
		s.Name.Receiver = r.expr(s.Name.Receiver)
		r.constant(s.Line(), s.Name.Method)
	}
	s.Func.Stmts = r.body(s.Func.Stmts)
}

// assign makes
//
//	a, t[k] = x, y
//
// into what Lua says it is (gopher-lua issue 440: after a, b = b, a both are b):
//
//	do local t1, k1, v1, v2 = t, k, x, y; t1[k1] = v2; a = v1 end
func (r *rewriter) assign(s *ast.AssignStmt) ast.Stmt {
	r.exprs(s.Rhs)
	r.exprs(s.Lhs)
	if len(s.Lhs) == 1 {
		// The compiler loads the function of a = (f(a)) over a, if that is the last parameter. The parentheses do
		// nothing here.
		if len(s.Rhs) == 1 {
			adjust(s.Rhs[0], false)
		}
		return s
	}
	first := &ast.LocalAssignStmt{}
	hoist := func(e ast.Expr) ast.Expr {
		name := " " + string(rune('a'+len(first.Names)%26)) + string(rune('a'+len(first.Names)/26))
		first.Names = append(first.Names, name)
		if e != nil {
			first.Exprs = append(first.Exprs, adjust(e, true))
		}
		return on(s.Line(), &ast.IdentExpr{Value: name})
	}
	for i, target := range s.Lhs {
		if t, ok := target.(*ast.AttrGetExpr); ok {
			s.Lhs[i] = on(t.Line(), &ast.AttrGetExpr{Object: hoist(t.Object), Key: hoistKey(t.Key, hoist)})
		}
	}
	values := make([]ast.Stmt, len(s.Lhs))
	for i, target := range s.Lhs {
		one := &ast.AssignStmt{Lhs: []ast.Expr{target}, Rhs: []ast.Expr{hoist(nil)}}
		values[len(values)-1-i] = on(target.Line(), one) // the last first, as C Lua does
	}
	first.Exprs = append(first.Exprs, s.Rhs...)
	block := &ast.DoBlockStmt{Stmts: append([]ast.Stmt{on(s.Line(), first)}, values...)}
	return on(s.Line(), block)
}

// hoistKey leaves constant keys where they are.
func hoistKey(key ast.Expr, hoist func(ast.Expr) ast.Expr) ast.Expr {
	if _, ok := key.(ast.ConstExpr); ok {
		return key
	}
	return hoist(key)
}

// adjust says whether a call or "..." is cut to one value.
func adjust(e ast.Expr, one bool) ast.Expr {
	switch e := e.(type) {
	case *ast.FuncCallExpr:
		e.AdjustRet = one
	case *ast.Comma3Expr:
		e.AdjustRet = one
	}
	return e
}

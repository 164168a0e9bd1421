package scripting

import (
	"strings"

	"github.com/yuin/gopher-lua/ast"
)

// maxChecked is how deep statements and expressions may be nested in each other to be looked at: deeper than the compiler takes.
const maxChecked = 1000

func (f *fileCheck) block(stmts []ast.Stmt) {
	for _, s := range stmts {
		f.stmt(s)
	}
}

func (f *fileCheck) stmt(s ast.Stmt) {
	if f.depth++; f.depth <= maxChecked {
		f.look(s)
	}
	f.depth--
}

func (f *fileCheck) look(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.AssignStmt:
		f.assign(s)
	case *ast.LocalAssignStmt:
		f.local(s)
	case *ast.FuncCallStmt:
		f.expr(s.Expr, false)
	case *ast.DoBlockStmt:
		f.within(func() { f.block(s.Stmts) })
	case *ast.WhileStmt:
		f.expr(s.Condition, true)
		f.within(func() { f.block(s.Stmts) })
	case *ast.RepeatStmt:
		f.within(func() {
			f.block(s.Stmts)
			f.expr(s.Condition, true) // sees the locals of the block
		})
	case *ast.IfStmt:
		f.expr(s.Condition, true)
		f.within(func() { f.block(s.Then) })
		f.within(func() { f.block(s.Else) })
	case *ast.NumberForStmt:
		f.exprs([]ast.Expr{s.Init, s.Limit, s.Step})
		f.loop([]string{s.Name}, s.Stmts)
	case *ast.GenericForStmt:
		f.exprs(s.Exprs)
		f.loop(s.Names, s.Stmts)
	case *ast.FuncDefStmt:
		f.funcDef(s)
	case *ast.ReturnStmt:
		f.exprs(s.Exprs)
	}
}

func (f *fileCheck) loop(names []string, body []ast.Stmt) {
	f.within(func() {
		for _, name := range names {
			f.declare(name, &variable{})
		}
		f.block(body)
	})
}

func (f *fileCheck) local(s *ast.LocalAssignStmt) {
	if len(s.Names) == 1 && len(s.Exprs) == 1 {
		if fn, ok := s.Exprs[0].(*ast.FunctionExpr); ok { // which sees itself
			v := &variable{}
			f.declare(s.Names[0], v)
			f.function(fn.ParList.Names, fn.Stmts, nil, v)
			return
		}
	}
	f.exprs(s.Exprs)
	vars := make([]*variable, len(s.Names))
	for i := range vars {
		vars[i] = &variable{}
		if i < len(s.Exprs) {
			if ident, ok := s.Exprs[i].(*ast.IdentExpr); ok {
				vars[i].alias = f.scope.find(ident.Value)
			}
		}
	}
	for i, name := range s.Names {
		f.declare(name, vars[i])
	}
}

func (f *fileCheck) assign(s *ast.AssignStmt) {
	for i, target := range s.Lhs {
		var value ast.Expr
		if i < len(s.Rhs) {
			value = s.Rhs[i]
		}
		fn, _ := value.(*ast.FunctionExpr)
		name := f.target(target, fn != nil)
		if fn != nil {
			f.functionOf(name, fn)
		} else if value != nil {
			f.expr(value, false)
		}
	}
	if len(s.Rhs) > len(s.Lhs) {
		f.exprs(s.Rhs[len(s.Lhs):])
	}
}

func (f *fileCheck) funcDef(s *ast.FuncDefStmt) {
	if s.Name.Func == nil {
		f.expr(s.Name.Receiver, false)
		f.function(append([]string{"self"}, s.Func.ParList.Names...), s.Func.Stmts, nil, nil)
		return
	}
	f.functionOf(f.target(s.Name.Func, true), s.Func)
}

// functionOf looks through a function that a global is set to; "" = something else is.
func (f *fileCheck) functionOf(global string, fn *ast.FunctionExpr) {
	var in *variable
	if global != "" {
		in = f.globalVariable(global)
	}
	f.function(fn.ParList.Names, fn.Stmts, f.handedTo(global), in)
}

// handedTo is the first parameter of the global function of that name, nil when nothing is known of it.
func (f *fileCheck) handedTo(name string) *variable {
	if h := f.handlers[name]; len(h.Params) > 0 && h.Params[0].Name == "call" {
		return &variable{handed: true}
	}
	return nil
}

// target looks at what is assigned to, and names it if that is a global.
func (f *fileCheck) target(e ast.Expr, function bool) (global string) {
	switch e := e.(type) {
	case *ast.IdentExpr:
		if v := f.scope.find(e.Value); v != nil {
			v.assigned = true
			return ""
		}
		f.setGlobal(e.Value, e.Line(), function)
		return e.Value
	case *ast.AttrGetExpr:
		key, constant := e.Key.(*ast.StringExpr)
		if f.isG(e.Object) && constant {
			f.setGlobal(key.Value, e.Line(), function)
			return key.Value
		}
		f.expr(e.Key, false)
		if object, ok := e.Object.(*ast.IdentExpr); ok {
			f.writeTo(object)
			return ""
		}
		f.expr(e.Object, false)
	}
	return ""
}

// writeTo looks at object.name = value.
func (f *fileCheck) writeTo(object *ast.IdentExpr) {
	line, name := object.Line(), object.Value
	if v := f.scope.find(name); v != nil {
		v.misfits = true
		f.later = append(f.later, func() {
			if v.isCall() {
				f.find(line, name, "the fields of call are read only; call.vars is a table of your own")
			}
		})
		return
	}
	f.global(object, false)
	f.later = append(f.later, func() {
		if f.isModule(name) {
			f.find(line, name, name+" is read-only")
		}
	})
}

// setGlobal notes that a global is set, and that it is no handler although it looks like one.
func (f *fileCheck) setGlobal(name string, line int, function bool) {
	f.globalVariable(name).assigned = f.set[name] // it was set before
	f.set[name] = true
	if _, known := f.handlers[name]; known || !function || !strings.HasPrefix(name, "on_") {
		return
	}
	f.later = append(f.later, func() {
		if f.read[name] || f.unknown {
			return // a function of the script's own
		}
		f.find(line, name, "no handler is called "+name+suggest(name, handlerNames()))
	})
}

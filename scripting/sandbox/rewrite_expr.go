package sandbox

import (
	"github.com/yuin/gopher-lua/ast"
)

func (r *rewriter) exprs(list []ast.Expr) {
	for i, e := range list {
		list[i] = r.expr(e)
	}
}

func (r *rewriter) expr(e ast.Expr) ast.Expr {
	if !r.enter(e.Line()) {
		return e
	}
	defer r.leave()
	switch e := e.(type) {
	case *ast.NumberExpr:
		r.constant(e.Line(), numeral(e.Value))
	case *ast.StringExpr:
		r.constant(e.Line(), e.Value)
	case *ast.IdentExpr:
		r.constant(e.Line(), e.Value)
	case *ast.AttrGetExpr:
		e.Object, e.Key = r.expr(e.Object), r.expr(e.Key)
	case *ast.TableExpr:
		r.table(e)
	case *ast.FuncCallExpr:
		r.call(e)
	case *ast.LogicalOpExpr:
		return r.logical(e)
	case *ast.RelationalOpExpr:
		r.branch(e.Line())
		e.Lhs, e.Rhs = r.expr(e.Lhs), r.expr(e.Rhs)
	case *ast.StringConcatOpExpr:
		return r.concat(e)
	case *ast.ArithmeticOpExpr:
		e.Lhs, e.Rhs = r.expr(e.Lhs), r.expr(e.Rhs)
	case *ast.UnaryMinusOpExpr:
		e.Expr = r.expr(e.Expr)
	case *ast.UnaryNotOpExpr:
		e.Expr = r.expr(e.Expr)
	case *ast.UnaryLenOpExpr:
		e.Expr = r.expr(e.Expr)
	case *ast.FunctionExpr:
		e.Stmts = r.body(e.Stmts)
	}
	return e
}

// numeral is a number constant, apart from the string of the same digits.
type numeral string

// itemsPerFlush is how many values without a key the compiler puts into a table at once.
const itemsPerFlush = 50

func (r *rewriter) table(t *ast.TableExpr) {
	items := 0
	for i, f := range t.Fields {
		if f.Key == nil {
			items++
			f.Value = r.expr(f.Value)
			continue
		}
		f.Key, f.Value = r.expr(f.Key), adjust(r.expr(f.Value), true) // as the last field, all of a call's values went into the list, too
		if items > 0 && items%itemsPerFlush == 0 {
			// Such a field would put the values before it into the table again, from registers that hold others by now.
			adjust(t.Fields[i-1].Value, true)
			t.Fields[i-1], t.Fields[i] = f, t.Fields[i-1]
		}
	}
	if items > maxItems {
		r.fail(t.Line(), "more than %d values in one table constructor", maxItems)
	}
}

func (r *rewriter) call(c *ast.FuncCallExpr) {
	if c.Func != nil {
		c.Func = r.expr(c.Func)
	}
	if c.Receiver != nil {
		c.Receiver = r.expr(c.Receiver)
		r.constant(c.Line(), c.Method)
	}
	r.exprs(c.Args)
}

// concatArgs is how many operands one call of concat gets; a longer chain becomes calls in calls.
const concatArgs = 50

// concat makes a..b..c into concat(a, b, c), which keeps to Limits.StringLen.
func (r *rewriter) concat(e *ast.StringConcatOpExpr) ast.Expr {
	r.concats = true
	operands := []ast.Expr{r.expr(e.Lhs)}
	rest := e.Rhs
	for {
		next, ok := rest.(*ast.StringConcatOpExpr)
		if !ok {
			break
		}
		operands = append(operands, r.expr(next.Lhs))
		rest = next.Rhs
	}
	operands = append(operands, r.expr(rest))
	for len(operands) > concatArgs {
		at := len(operands) - concatArgs
		operands = append(operands[:at:at], concatCall(e.Line(), operands[at:]))
	}
	return concatCall(e.Line(), operands)
}

func concatCall(line int, operands []ast.Expr) ast.Expr {
	adjust(operands[len(operands)-1], true) // a..f() takes one value of f
	name := on(line, &ast.IdentExpr{Value: concatName})
	return on(line, &ast.FuncCallExpr{Func: name, Args: operands, AdjustRet: true})
}

// logical takes constants out of and and or: what the compiler makes of them jumps to the wrong place when it comes
// first in a loop (gopher-lua issue 540).
func (r *rewriter) logical(e *ast.LogicalOpExpr) ast.Expr {
	r.branch(e.Line())
	e.Lhs, e.Rhs = r.expr(e.Lhs), r.expr(e.Rhs)
	value, constant := constantTruth(e.Lhs)
	switch {
	case !constant:
		return e
	case value == (e.Operator == "and"):
		return adjust(e.Rhs, true)
	}
	return e.Lhs
}

// condition is an expression of which only the truth counts. Constants in it become comparisons, for the same reason.
func (r *rewriter) condition(e ast.Expr) ast.Expr {
	r.branch(e.Line())
	e = r.expr(e)
	if value, constant := constantTruth(e); constant && value {
		return e // no code at all, which is right
	}
	return r.compare(e)
}

func (r *rewriter) compare(e ast.Expr) ast.Expr {
	if value, constant := constantTruth(e); constant {
		zero, one := on(e.Line(), &ast.NumberExpr{Value: "0"}), on(e.Line(), &ast.NumberExpr{Value: "1"})
		if value {
			zero = one
		}
		return on(e.Line(), &ast.RelationalOpExpr{Operator: "==", Lhs: one, Rhs: zero})
	}
	switch e := e.(type) {
	case *ast.UnaryNotOpExpr:
		e.Expr = r.compare(e.Expr)
	case *ast.LogicalOpExpr:
		e.Lhs, e.Rhs = r.compare(e.Lhs), r.compare(e.Rhs)
	}
	return e
}

// constantTruth tells whether an expression is a constant, and then whether it counts as true.
func constantTruth(e ast.Expr) (value, constant bool) {
	switch e.(type) {
	case *ast.NilExpr, *ast.FalseExpr:
		return false, true
	case *ast.TrueExpr, *ast.NumberExpr, *ast.StringExpr:
		return true, true
	}
	return false, false
}

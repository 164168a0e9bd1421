package sandbox

import (
	"strings"

	"github.com/yuin/gopher-lua/parse"
)

// tooDeep finds the line where brackets, blocks, or operators that wait for their right side are nested deeper than max; 0 =
// nowhere. The parser would keep 400 bytes for each of them: 100 MB for a file of 256 KB. The scanner is upstream's, so that the
// parser sees the same tokens.
func tooDeep(source string, max int) (line int) {
	scanner := parse.NewScanner(strings.NewReader(source), "")
	lexer := &parse.Lexer{}
	n := nesting{}
	for {
		tok, err := scanner.Scan(lexer)
		if err != nil || tok.Type == parse.EOF {
			return 0 // the parser tells what is wrong
		}
		if n.token(tok.Type); n.depth() > max {
			return tok.Pos.Line
		}
	}
}

// nesting is what is open at a token.
type nesting struct {
	blocks  int
	pending int   // operators since the expression began
	outer   []int // pending of the brackets around it
	value   bool  // the token before ends a value: what follows is an operator or a new statement
}

func (n *nesting) depth() int { return n.blocks + len(n.outer) + n.pending }

func (n *nesting) token(t int) {
	value := false
	switch t {
	case '(', '[', '{':
		n.outer = append(n.outer, n.pending)
		n.pending = 0
	case ')', ']', '}':
		if last := len(n.outer) - 1; last >= 0 {
			n.pending, n.outer = n.outer[last], n.outer[:last]
		}
		value = true
	case parse.T2Comma, '^', parse.TNot, '#':
		n.pending++
	case '-':
		if !n.value {
			n.pending++
		}
	case parse.TFunction, parse.TDo, parse.TIf, parse.TRepeat:
		n.blocks++
		n.pending = 0
	case parse.TEnd, parse.TUntil:
		n.blocks--
		n.pending = 0
		value = t == parse.TEnd
	case parse.TIdent, parse.TNumber, parse.T3Comma, parse.TTrue, parse.TFalse, parse.TNil:
		if n.value {
			n.pending = 0 // a new statement
		}
		value = true
	case parse.TString:
		value = true
	case ',', ';', '=', parse.TLocal, parse.TReturn, parse.TThen, parse.TElse, parse.TElseIf, parse.TWhile, parse.TFor, parse.TIn:
		n.pending = 0
	}
	n.value = value
}

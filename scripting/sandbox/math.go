package sandbox

import (
	"math"
	"math/rand/v2"

	lua "github.com/yuin/gopher-lua"
)

func mathModule() *lua.LTable {
	lib := library{
		"fmod":       func(L *lua.LState) int { return pushNumber(L, math.Mod(number(L, 1), number(L, 2))) },
		"atan2":      func(L *lua.LState) int { return pushNumber(L, math.Atan2(number(L, 1), number(L, 2))) },
		"pow":        func(L *lua.LState) int { return pushNumber(L, math.Pow(number(L, 1), number(L, 2))) },
		"ldexp":      func(L *lua.LState) int { return pushNumber(L, math.Ldexp(number(L, 1), checkInt(L, 2))) },
		"deg":        func(L *lua.LState) int { return pushNumber(L, number(L, 1)*180/math.Pi) },
		"rad":        func(L *lua.LState) int { return pushNumber(L, number(L, 1)*math.Pi/180) },
		"frexp":      mathFrexp,
		"modf":       mathModf,
		"max":        func(L *lua.LState) int { return mathBest(L, func(a, b float64) bool { return a > b }) },
		"min":        func(L *lua.LState) int { return mathBest(L, func(a, b float64) bool { return a < b }) },
		"random":     mathRandom,
		"randomseed": func(L *lua.LState) int { return 0 }, // there is no need to
	}
	lib["mod"] = lib["fmod"]
	for name, fn := range map[string]func(float64) float64{
		"abs": math.Abs, "acos": math.Acos, "asin": math.Asin, "atan": math.Atan, "ceil": math.Ceil, "cos": math.Cos,
		"cosh": math.Cosh, "exp": math.Exp, "floor": math.Floor, "log": math.Log, "log10": math.Log10, "sin": math.Sin,
		"sinh": math.Sinh, "sqrt": math.Sqrt, "tan": math.Tan, "tanh": math.Tanh,
	} {
		lib[name] = func(L *lua.LState) int { return pushNumber(L, fn(number(L, 1))) }
	}
	t := newLibrary(lib)
	t.RawSetString("pi", lua.LNumber(math.Pi))
	t.RawSetString("huge", lua.LNumber(math.Inf(1)))
	return t
}

func number(L *lua.LState, n int) float64 { return float64(L.CheckNumber(n)) }

func mathFrexp(L *lua.LState) int {
	fraction, exponent := math.Frexp(number(L, 1))
	return pushAll(L, lua.LNumber(fraction), lua.LNumber(exponent))
}

func mathModf(L *lua.LState) int {
	f := number(L, 1)
	whole, fraction := math.Modf(f)
	if math.IsInf(f, 0) {
		fraction = 0
	}
	return pushAll(L, lua.LNumber(whole), lua.LNumber(fraction))
}

func mathBest(L *lua.LState, better func(a, b float64) bool) int {
	best := number(L, 1)
	for i := 2; i <= L.GetTop(); i++ {
		if n := number(L, i); better(n, best) {
			best = n
		}
	}
	return pushNumber(L, best)
}

// mathRandom cannot be seeded: the generator is the process's.
func mathRandom(L *lua.LState) int {
	from, to := 1, 0
	switch L.GetTop() {
	case 0:
		return pushNumber(L, rand.Float64())
	case 1:
		to = checkInt(L, 1)
	default:
		from, to = checkInt(L, 1), checkInt(L, 2)
	}
	if from > to {
		L.ArgError(L.GetTop(), "interval is empty")
	}
	return pushNumber(L, float64(from+rand.IntN(to-from+1)))
}

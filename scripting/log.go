package scripting

import (
	"context"
	"log/slog"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"offhook/scripting/sandbox"
)

const (
	linesPerSecond = 100      // of one call; what is more is counted, not written
	longestText    = 2 * 1024 // of a message or a value; the rest is cut off
	mostFields     = 32       // of one line
)

func logModule() Module {
	m := Module{Name: "log", Doc: "Writes to the log, with the call, the script and the line that it stands on."}
	for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
		name := strings.ToLower(level.String())
		m.Functions = append(m.Functions, Function{
			Name: name,
			Doc:  "Writes a line of level " + name + ".",
			Params: []Param{
				{Name: "message", Type: Value},
				{Name: "fields", Type: Table, Doc: "strings, numbers and booleans by name"},
			},
			Example: "log." + name + `("looked up", { number = call.cli })`,
			run: func(r *run, a *arguments) int {
				message := cut(a.ToStringMeta(toLua(a.lookup("message"))).String())
				r.logLine(a.LState, level, message, tableAttrs(arg[*lua.LTable](a, "fields")))
				return 0
			},
		})
	}
	return m
}

// logLine writes a line for the script, and tells of it.
func (r *run) logLine(L *lua.LState, level slog.Level, message string, attrs []any) {
	r.observe(L, ObservedLog, func() string { return attributes(message, attrs) })
	r.writeLine(L, level, message, attrs)
}

// writeLine writes a line for the script.
func (r *run) writeLine(L *lua.LState, level slog.Level, message string, attrs []any) {
	if r.trial || !r.logs(level) {
		return
	}
	now := time.Now()
	if now.Sub(r.lines.since) >= time.Second {
		if left := r.lines.count - linesPerSecond; left > 0 {
			r.log().Warn("script logs too much", "lines_left_out", left)
		}
		r.lines = lineCount{since: now}
	}
	if r.lines.count++; r.lines.count > linesPerSecond {
		return
	}
	r.log().Log(context.Background(), level, r.hidden(message), append(r.hiddenIn(attrs), "at", where(L))...)
}

// printLine is what print does.
func printLine(L *lua.LState, line string) {
	sandbox.Owner(L).(*run).logLine(L, slog.LevelInfo, cut(line), nil)
}

// lineCount is how many lines were wanted since a moment.
type lineCount struct {
	since time.Time
	count int
}

// tableAttrs makes log attributes of a table's named values.
func tableAttrs(t *lua.LTable) []any {
	if t == nil {
		return nil
	}
	var attrs []any
	for key, value := t.Next(lua.LNil); key != lua.LNil && len(attrs) < 2*mostFields; key, value = t.Next(key) {
		attrs = append(attrs, cut(key.String()), logValue(value))
	}
	return attrs
}

func logValue(v lua.LValue) any {
	switch v := v.(type) {
	case lua.LNumber:
		return float64(v)
	case lua.LBool:
		return bool(v)
	case lua.LString:
		return cut(string(v))
	}
	return describe(v)
}

func cut(s string) string {
	if len(s) <= longestText {
		return s
	}
	return strings.ToValidUTF8(s[:longestText], "") + "…"
}

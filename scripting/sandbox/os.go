package sandbox

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"
)

func osLibrary() library {
	return library{
		"clock":    osClock,
		"date":     osDate,
		"difftime": func(L *lua.LState) int { return pushNumber(L, number(L, 1)-number(L, 2)) },
		"time":     osTime,
	}
}

// osClock is the time since the state began, waits included.
func osClock(L *lua.LState) int {
	return pushNumber(L, time.Since(StateOf(L).budget.begin).Seconds())
}

func osTime(L *lua.LState) int {
	if L.Get(1) == lua.LNil {
		return pushNumber(L, float64(time.Now().Unix()))
	}
	t := L.CheckTable(1)
	field := func(name string, missing int) int {
		v := t.RawGetString(name)
		n, ok := v.(lua.LNumber)
		if text, isText := v.(lua.LString); isText {
			f, isNumber := parseNumber(string(text))
			n, ok = lua.LNumber(f), isNumber
		}
		switch {
		case v == lua.LNil && missing >= 0:
			return missing
		case !ok || math.Abs(float64(n)) > 1e9:
			L.RaiseError("field '%s' missing or no number in date table", name)
		}
		return int(n)
	}
	date := time.Date(field("year", -1), time.Month(field("month", -1)), field("day", -1),
		field("hour", 12), field("min", 0), field("sec", 0), 0, time.Local)
	return pushNumber(L, float64(date.Unix()))
}

func osDate(L *lua.LState) int {
	format := "%c"
	if L.Get(1) != lua.LNil {
		format = checkText(L, 1)
	}
	t := time.Now()
	if L.Get(2) != lua.LNil {
		t = time.Unix(int64(checkInt(L, 2)), 0)
	}
	if rest, utc := strings.CutPrefix(format, "!"); utc {
		format, t = rest, t.UTC()
	}
	if strings.HasPrefix(format, "*t") {
		L.Push(dateTable(t))
		return 1
	}
	return pushString(L, FormatTime(L, format, t))
}

func dateTable(t time.Time) *lua.LTable {
	table := newTable(0, 9)
	for name, n := range map[string]int{
		"year": t.Year(), "month": int(t.Month()), "day": t.Day(), "hour": t.Hour(), "min": t.Minute(), "sec": t.Second(),
		"wday": int(t.Weekday()) + 1, "yday": t.YearDay(),
	} {
		table.RawSetString(name, lua.LNumber(n))
	}
	table.RawSetString("isdst", lua.LBool(t.IsDST()))
	return table
}

// FormatTime is C's strftime, in its own locale, for a function whose first argument the format is. What is wrong with it is
// raised.
func FormatTime(L *lua.LState, format string, t time.Time) string {
	var out []byte
	for {
		plain, rest, more := strings.Cut(format, "%")
		longest(L, len(out)+len(plain)+64)
		out = append(out, plain...)
		if !more {
			work(L, 8*len(out))
			return string(out)
		}
		if rest == "" {
			L.ArgError(1, "conversion specifier is missing after '%'")
		}
		text, ok := dateField(rest[0], t)
		if !ok {
			L.ArgError(1, fmt.Sprintf("invalid conversion specifier '%%%c'", rest[0]))
		}
		out = append(out, text...)
		format = rest[1:]
	}
}

func dateField(verb byte, t time.Time) (text string, ok bool) {
	if layout, ok := layouts[verb]; ok {
		return t.Format(layout), true
	}
	switch verb {
	case '%':
		return "%", true
	case 'n':
		return "\n", true
	case 't':
		return "\t", true
	case 'C':
		return fmt.Sprintf("%02d", t.Year()/100), true
	case 's':
		return strconv.FormatInt(t.Unix(), 10), true
	case 'u':
		return strconv.Itoa((int(t.Weekday())+6)%7 + 1), true
	case 'w':
		return strconv.Itoa(int(t.Weekday())), true
	case 'U': // the week of the year, from Sunday
		return fmt.Sprintf("%02d", (t.YearDay()+6-int(t.Weekday()))/7), true
	case 'W': // from Monday
		return fmt.Sprintf("%02d", (t.YearDay()+6-(int(t.Weekday())+6)%7)/7), true
	case 'V':
		_, week := t.ISOWeek()
		return fmt.Sprintf("%02d", week), true
	case 'G':
		year, _ := t.ISOWeek()
		return strconv.Itoa(year), true
	}
	return "", false
}

// layouts are those of the package time for what strftime knows by a letter.
var layouts = map[byte]string{
	'a': "Mon", 'A': "Monday", 'b': "Jan", 'B': "January", 'c': "Mon Jan _2 15:04:05 2006", 'd': "02", 'D': "01/02/06",
	'e': "_2", 'F': "2006-01-02", 'h': "Jan", 'H': "15", 'I': "03", 'j': "002", 'm': "01", 'M': "04", 'p': "PM",
	'r': "03:04:05 PM", 'R': "15:04", 'S': "05", 'T': "15:04:05", 'x': "01/02/06", 'X': "15:04:05", 'y': "06",
	'Y': "2006", 'z': "-0700", 'Z': "MST",
}

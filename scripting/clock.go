package scripting

import (
	"fmt"
	"math"
	"time"

	lua "github.com/yuin/gopher-lua"

	"offhook/scripting/hours"
	"offhook/scripting/sandbox"
)

func timeModule() Module {
	zone := Param{Name: "zone", Type: Text, Doc: `as "Europe/Berlin" or "UTC"; without it the server's own`}
	at := Param{Name: "at", Type: Number, Min: -62e9, Max: 253e9, Doc: "seconds since 1970 began in UTC; without it now"}
	return Module{
		Name: "time",
		Doc:  "The time of day and the date, in any time zone.",
		Functions: []Function{
			{
				Name: "now", Doc: "Returns the seconds since 1970 began in UTC, with their fraction.",
				Returns: []Return{{Name: "seconds", Type: Number}},
				Example: `local began = time.now()`,
				run: func(r *run, a *arguments) int {
					return a.returns(lua.LNumber(float64(r.engine.options.Now().UnixMicro()) / 1e6))
				},
			},
			{
				Name: "match",
				Doc: `Tells whether it is one of the times of a text: days (mon-fri), dates (dec 24-dec 26) and hours (09:00-17:30), of which all that are named ` +
					`must fit. Several are separated by ";", one is enough. 22:00-06:00 goes past midnight.`,
				Params:  []Param{{Name: "times", Type: Text, Required: true, Doc: `as "mon-fri 09:00-17:30; sat 10:00-13:00"`}, zone, at},
				Returns: []Return{{Name: "matches", Type: Boolean}},
				Example: `if not time.match("mon-fri 09:00-17:30", "Europe/Berlin") then call:reject(480) end`,
				run: func(r *run, a *arguments) int {
					times := arg[string](a, "times")
					spec, err := r.engine.hours.get(times, func() (hours.Spec, error) { return hours.Parse(times) })
					if err != nil {
						r.raise(a, err)
					}
					return a.returns(lua.LBool(spec.Match(r.momentOf(a))))
				},
			},
			{
				Name: "format", Doc: "Writes the time as strftime does.",
				Params:  []Param{{Name: "format", Type: Text, Required: true, Doc: `as "%Y-%m-%d %H:%M:%S"`}, zone, at},
				Returns: []Return{{Name: "text", Type: Text}},
				Example: `local today = time.format("%Y-%m-%d", "Europe/Berlin")`,
				run: func(r *run, a *arguments) int {
					return a.returns(lua.LString(sandbox.FormatTime(a.LState, arg[string](a, "format"), r.momentOf(a))))
				},
			},
		},
	}
}

// momentOf is the time that the parameters at and zone mean.
func (r *run) momentOf(a *arguments) time.Time {
	t := r.engine.options.Now()
	if a.has("at") {
		seconds, fraction := math.Modf(arg[float64](a, "at"))
		t = time.Unix(int64(seconds), int64(fraction*1e9))
	}
	if !a.has("zone") {
		return t.Local()
	}
	zone := arg[string](a, "zone")
	location, err := r.engine.zones.get(zone, func() (*time.Location, error) { return loadZone(zone) })
	if err != nil {
		r.raise(a, err)
	}
	return t.In(location)
}

func loadZone(name string) (*time.Location, error) {
	location, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		return nil, fmt.Errorf(`%q is not a time zone: write one as "Europe/Berlin", or "UTC"`, name)
	}
	return location, nil
}

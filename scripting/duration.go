package scripting

import (
	"fmt"
	"math"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"
)

const (
	// plainSeconds is the largest bare number that is believed to be seconds: more is most likely meant as milliseconds.
	plainSeconds = 600
	maxDuration  = 24 * time.Hour
)

// parseDuration takes a number as seconds and a string with its unit.
func parseDuration(v lua.LValue) (time.Duration, error) {
	switch v := v.(type) {
	case lua.LNumber:
		return secondsToDuration(float64(v))
	case lua.LString:
		return textToDuration(string(v))
	}
	return 0, fmt.Errorf(`%s is not a duration: write seconds as a number, or text with a unit, as "200ms"`, describe(v))
}

func secondsToDuration(s float64) (time.Duration, error) {
	switch {
	case math.IsNaN(s) || math.IsInf(s, 0):
		return 0, fmt.Errorf("%g is not a duration", s)
	case s < 0:
		return 0, fmt.Errorf("%g is negative", s)
	case s > plainSeconds:
		return 0, fmt.Errorf(`a bare number is seconds and %g is over %d: did you mean "%gms"?`, s, plainSeconds, s)
	}
	return time.Duration(math.Round(s * float64(time.Second))), nil
}

func textToDuration(s string) (time.Duration, error) {
	t := strings.ReplaceAll(s, " ", "")
	d, err := time.ParseDuration(t)
	switch {
	case err == nil && d < 0:
		return 0, fmt.Errorf("%q is negative", s)
	case err == nil && d > maxDuration:
		return 0, fmt.Errorf("%q is longer than 24h", s)
	case err == nil:
		return d, nil
	case strings.Trim(t, "0123456789.") == "" && t != "":
		return 0, fmt.Errorf(`%q has no unit: write "%ss" or "%sms"`, s, t, t)
	}
	return 0, fmt.Errorf(`%q is not a duration: write a number and ms, s, m or h, as "200ms"`, s)
}

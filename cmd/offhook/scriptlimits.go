package main

import (
	"math/rand/v2"
	"strconv"
	"sync/atomic"
	"time"

	"offhook/config"
	"offhook/core"
	"offhook/core/guard"
	"offhook/scripting"
)

// scriptLimits bound the calls of scripts, by name. Most servers have none.
type scriptLimits map[string]*scriptLimit

type scriptLimit struct {
	calls  int64 // 0: no limit
	active atomic.Int64
	rate   *guard.Rate
}

func newScriptLimits(c *config.Config) scriptLimits {
	limits := scriptLimits{}
	for name, l := range c.ScriptLimits() {
		limits[name] = &scriptLimit{calls: int64(l.Calls), rate: guard.NewRate(l.PerSecond, 0)}
	}
	return limits
}

// take counts a call of a script in, until leave. It is false when there are too many.
func (l scriptLimits) take(script string) (leave func(), ok bool) {
	limit := l[script]
	if limit == nil {
		return func() {}, true
	}
	leave = func() { limit.active.Add(-1) }
	if n := limit.active.Add(1); limit.calls > 0 && n > limit.calls || !limit.rate.Take(time.Now()) {
		leave()
		return nil, false
	}
	return leave, true
}

// admit counts a call in, or refuses it. With a reload at this very moment the script may be another one in the end.
func (h scriptHandler) admit(c *core.Call) (leave func(), ok bool) {
	if len(h.limits) == 0 {
		return func() {}, true
	}
	g := h.scripts.Generation()
	script, _ := h.routes.Pick(factsOf(c), g.Has)
	if leave, ok = h.limits.take(script); ok {
		return leave, true
	}
	c.Announce("script", script)
	if err := c.Reject(503, "", core.Headers{{Name: "Retry-After", Value: strconv.Itoa(5 + rand.IntN(6))}}); err != nil {
		h.log.Debug("503 not sent", "call", c.ID(), "error", err) // the call has ended
	}
	h.calls.count(scripting.Outcome{Script: script, Generation: g.Number, Ending: call{c}.Ending()})
	return nil, false
}

package main

import (
	"strconv"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"offhook/scripting"
)

// countedGenerations is how many generations keep their series in GET /metrics: a server that reloads for years does not grow.
const countedGenerations = 20

// callCounter counts the calls that have ended, so that the calls of a generation can be compared with those of the one before.
type callCounter struct {
	ended  *prometheus.CounterVec
	mu     sync.Mutex
	newest uint64 // generation
}

func newCallCounter(r prometheus.Registerer) *callCounter {
	c := &callCounter{ended: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "offhook_calls_ended_total",
		Help: "Calls that have ended, by the script that served them, its generation (the last 20) and what came of them.",
	}, []string{"script", "generation", "outcome"})}
	r.MustRegister(c.ended)
	return c
}

// count takes a call in. One that outlived the series of its generation is left out.
func (c *callCounter) count(o scripting.Outcome) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if o.Generation+countedGenerations <= c.newest {
		return
	}
	for c.newest < o.Generation {
		c.newest++
		if c.newest > countedGenerations {
			c.ended.DeletePartialMatch(prometheus.Labels{"generation": number(c.newest - countedGenerations)})
		}
	}
	c.ended.WithLabelValues(o.Script, number(o.Generation), outcomeOf(o)).Inc()
}

func number(n uint64) string { return strconv.FormatUint(n, 10) }

// outcomeOf is what came of a call, in a word.
func outcomeOf(o scripting.Outcome) string {
	switch by := o.Ending.By; {
	case o.Err != nil:
		return "failed" // the script did, or there was none
	case by == scripting.ByCaller, by == scripting.ByScript:
		if o.Ending.Code/100 == 2 {
			return "answered"
		}
		return "refused"
	case by == scripting.ByCancel:
		return "cancelled"
	default:
		return string(by) // limit, media_timeout, no_ack, shutdown
	}
}

package main

import (
	"errors"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"offhook/core"
	"offhook/media"
	"offhook/scripting"
	"offhook/scripting/sandbox"
)

// callFigures are histograms of calls, which are taken once, when a call has ended.
type callFigures struct {
	stages    [len(stageNames)]prometheus.Observer
	responses *prometheus.CounterVec
	duration  prometheus.Histogram
	loss      prometheus.Histogram
	jitter    prometheus.Histogram
	mos       prometheus.Histogram
	luaTime   prometheus.Histogram
	luaMemory prometheus.Histogram
	luaKills  *prometheus.CounterVec
	luaErrors prometheus.Counter
}

// stageNames are those of core.Stages.
var stageNames = [...]string{"trying", "ringing", "answered", "confirmed", "first_rtp"}

// stageBuckets are for what a machine does in microseconds as well as for how long people let it ring.
var stageBuckets = []float64{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60}

func newCallFigures(r prometheus.Registerer) *callFigures {
	histogram := func(name, help string, buckets []float64) prometheus.Histogram {
		h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets})
		r.MustRegister(h)
		return h
	}
	stages := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "offhook_call_stage_seconds", Buckets: stageBuckets,
		Help: "From the INVITE to its 100 (trying), the first 180 (ringing), the 200 (answered), the ACK (confirmed) and the first RTP packet (first_rtp).",
	}, []string{"stage"})
	f := &callFigures{
		responses: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "offhook_call_responses_total", Help: "Final responses to INVITEs that a script served, by status code.",
		}, []string{"code"}),
		duration:  histogram("offhook_call_duration_seconds", "From the answer to the end of calls.", []float64{1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600}),
		loss:      histogram("offhook_rtp_loss_ratio", "Packets that were lost on the way to us, of those expected, for each call that sent RTP.", []float64{0, 0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5}),
		jitter:    histogram("offhook_rtp_jitter_seconds", "Interarrival jitter (RFC 3550) at the end of calls.", []float64{0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2}),
		mos:       histogram("offhook_rtp_mos", "Estimated mean opinion score (ITU-T G.107) of what calls sent us.", []float64{1.5, 2, 2.5, 3, 3.25, 3.5, 3.75, 4, 4.2, 4.3, 4.4}),
		luaTime:   histogram("offhook_lua_call_seconds", "Time that the script of a call computed.", []float64{0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5}),
		luaMemory: histogram("offhook_lua_call_memory_bytes", "Memory of the script of a call when it was looked at last; 0 when it never ran long enough.", prometheus.ExponentialBuckets(1<<10, 2, 12)),
		luaKills: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "offhook_lua_kills_total", Help: "Scripts of calls that were ended as they took too much, by what.",
		}, []string{"limit"}),
		luaErrors: prometheus.NewCounter(prometheus.CounterOpts{Name: "offhook_lua_errors_total", Help: "Calls whose script failed."}),
	}
	r.MustRegister(stages, f.responses, f.luaKills, f.luaErrors)
	for i, name := range stageNames {
		f.stages[i] = stages.WithLabelValues(name)
	}
	for _, limit := range []sandbox.Limit{sandbox.LimitTime, sandbox.LimitInstructions, sandbox.LimitMemory} {
		f.luaKills.WithLabelValues(string(limit))
	}
	return f
}

// observe takes in a call that has ended.
func (f *callFigures) observe(o scripting.Outcome, s core.Stages, rtp media.Stats) {
	for i, took := range [...]time.Duration{s.Trying, s.Ringing, s.Answered, s.Confirmed, s.FirstRTP} {
		if took > 0 {
			f.stages[i].Observe(took.Seconds())
		}
	}
	if o.Ending.Code > 0 {
		f.responses.WithLabelValues(strconv.Itoa(o.Ending.Code)).Inc() // 200 to 699: no more than 500 series
	}
	if s.Answered > 0 {
		f.duration.Observe(o.Ending.Duration.Seconds())
	}
	if rtp.Received.Packets > 0 {
		f.loss.Observe(rtp.Received.LossPct / 100)
		f.jitter.Observe(rtp.Received.Jitter.Seconds())
		f.mos.Observe(rtp.MOS())
	}
	f.luaTime.Observe(o.Used.Time.Seconds())
	f.luaMemory.Observe(float64(o.Used.Memory))
	if limit := (*sandbox.LimitError)(nil); errors.As(o.Err, &limit) {
		f.luaKills.WithLabelValues(string(limit.Limit)).Inc()
	}
	if o.Err != nil {
		f.luaErrors.Inc()
	}
}

package main

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"offhook/core"
	"offhook/media"
	"offhook/scripting"
)

// TestServerFigures: what the server tells of itself is what Prometheus wants, and how late RTP was is a histogram.
func TestServerFigures(t *testing.T) {
	c := newServerCollector(serverFigures{
		server: func() core.Stats { return core.Stats{} },
		media: func() media.EngineStats {
			return media.EngineStats{Lateness: media.Lateness{Bounds: []time.Duration{time.Millisecond, 4 * time.Millisecond}, Counts: []uint64{5, 2, 1}}}
		},
		scripts: func() scripting.Changes { return scripting.Changes{} },
		ready:   func() bool { return true },
	})
	r := prometheus.NewPedanticRegistry()
	if err := r.Register(c); err != nil {
		t.Fatal(err)
	}
	problems, err := testutil.GatherAndLint(r)
	if err != nil {
		t.Error(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	want := `# HELP offhook_rtp_pacing_late_seconds How late frames of RTP were served, against their deadlines. The sum takes each for as late as the bound of its bucket.
# TYPE offhook_rtp_pacing_late_seconds histogram
offhook_rtp_pacing_late_seconds_bucket{le="0.001"} 5
offhook_rtp_pacing_late_seconds_bucket{le="0.004"} 7
offhook_rtp_pacing_late_seconds_bucket{le="+Inf"} 8
offhook_rtp_pacing_late_seconds_sum 0.017
offhook_rtp_pacing_late_seconds_count 8
`
	if err := testutil.GatherAndCompare(r, strings.NewReader(want), "offhook_rtp_pacing_late_seconds"); err != nil {
		t.Error(err)
	}
}

package scripting

import (
	"errors"
	"time"

	"offhook/media"
)

func impairs() Function {
	return Function{
		Name: "impair",
		Doc: "Sends RTP as over a bad network from now on. Each call replaces what was before; without options the network is good again. " +
			"Only where the configuration has scripting.allow_impair = true.",
		Options: []Param{
			{Name: "loss", Type: Number, Default: 0.0, Min: 0, Max: 100, Unit: "%", Doc: "packets that are lost"},
			{Name: "burst", Type: Number, Default: 1.0, Min: 1, Max: 1000, Unit: "packets", Doc: "mean length of a run of lost packets; 1 = losses are independent"},
			{Name: "dup", Type: Number, Default: 0.0, Min: 0, Max: 100, Unit: "%", Doc: "packets that come twice"},
			{Name: "reorder", Type: Number, Default: 0.0, Min: 0, Max: 100, Unit: "%", Doc: "packets that the next one overtakes"},
			{Name: "delay", Type: Duration, Default: time.Duration(0), Doc: "of every packet"},
			{Name: "jitter", Type: Duration, Default: time.Duration(0),
				Doc: "mean difference between the delays of two packets, as the far end measures it (RFC 3550). Delays are up to three times that, and overtake nobody: beyond a third of the ptime packets come in bunches and less is measured"},
			{Name: "seed", Type: Integer, Default: 0, Doc: "the same seed gives the same pattern"},
		},
		Example: `call:impair{ loss = 5, burst = 3, jitter = "10ms", seed = 1 }`,
		run:     (*run).impair,
	}
}

var errImpairNotAllowed = errors.New("not allowed here: write allow_impair = true into [scripting] of the configuration")

func (r *run) impair(a *arguments) int {
	if !r.engine.options.AllowImpair {
		r.raise(a, errImpairNotAllowed)
	}
	percent := func(name string) float64 { return arg[float64](a, name) / 100 }
	err := r.call.Impair(media.Impairment{
		Loss: percent("loss"), Burst: arg[float64](a, "burst"), Duplicate: percent("dup"), Reorder: percent("reorder"),
		Delay: arg[time.Duration](a, "delay"), Jitter: arg[time.Duration](a, "jitter"), Seed: uint64(arg[int](a, "seed")),
	})
	if err != nil {
		r.refused(a, err)
	}
	return 0
}

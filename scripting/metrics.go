package scripting

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// mostLabels a metric of a script may have.
const mostLabels = 8

// GenerationLabel is the label that all metrics of scripts have besides their own.
const GenerationLabel = "generation"

func metricsModule() Module {
	labels := Param{Name: "labels", Type: TextTable, Doc: "{name = value}: the same names each time, and few different values: there is a cap on them; each series has the label generation besides"}
	name := Param{Name: "name", Type: Text, Required: true, Doc: "letters, digits and _; GET /metrics shows it with offhook_script_ before it"}
	return Module{
		Name: "metrics",
		Doc: "Counts and measures, over all calls, for GET /metrics. A figure that cannot be taken, as one name means two things or has " +
			"too many different labels, is logged once and left out. Each series has the label generation: that of the script " +
			"that counted, so that the scripts before and after a change can be compared. GET /metrics shows the newest three; " +
			"sum without (generation) (…) is all of them.",
		Functions: []Function{
			{
				Name:    "inc",
				Doc:     "Adds to a counter.",
				Params:  []Param{name, {Name: "value", Type: Number, Default: 1.0, Min: 0, Max: 1e15}, labels},
				Example: `metrics.inc("menu_choice", 1, { digit = "1" })`,
				Live:    true, After: true,
				run: func(r *run, a *arguments) int { return r.measure(a, r.engine.options.Metrics.Inc) },
			},
			{
				Name:    "observe",
				Doc:     "Adds a value to a histogram.",
				Params:  []Param{name, {Name: "value", Type: Number, Required: true}, labels},
				Example: `metrics.observe("lookup_seconds", 0.2)`,
				Live:    true, After: true,
				run: func(r *run, a *arguments) int { return r.measure(a, r.engine.options.Metrics.Observe) },
			},
		},
	}
}

func (r *run) measure(a *arguments, take func(uint64, string, float64, map[string]string) error) int {
	name, labels := arg[string](a, "name"), arg[map[string]string](a, "labels")
	if err := checkMetric(name, labels); err != nil {
		r.raise(a, err)
	}
	if err := take(r.generation.Number, name, arg[float64](a, "value"), labels); err != nil {
		if _, told := r.engine.badMetrics.LoadOrStore(name, true); !told {
			r.log().Warn("metric left out", "metric", name, "error", err, "at", where(a.LState))
		}
	}
	return 0
}

// checkMetric refuses names that Prometheus does not know.
func checkMetric(name string, labels map[string]string) error {
	if !isMetricName(name) {
		return fmt.Errorf("%q is not the name of a metric: write letters, digits and _", name)
	}
	if len(labels) > mostLabels {
		return fmt.Errorf("more than %d labels", mostLabels)
	}
	for _, label := range slices.Sorted(maps.Keys(labels)) {
		if !isMetricName(label) || strings.HasPrefix(label, "__") || label == "le" {
			return fmt.Errorf("labels: %q is not the name of a label: write letters, digits and _", label)
		}
		if label == GenerationLabel {
			return fmt.Errorf("labels: each series has the label %q already, of the scripts: take another name", label)
		}
	}
	return nil
}

func isMetricName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c != '_' && (c|0x20 < 'a' || c|0x20 > 'z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != "" && len(s) <= 100
}

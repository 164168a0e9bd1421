package main

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"offhook/config"
	"offhook/core"
	"offhook/core/console"
	"offhook/core/digest"
)

// trunksOf turns the [[trunk]] blocks into those of the server.
func trunksOf(c *config.Config) ([]core.Trunk, error) {
	var all []core.Trunk
	for _, t := range c.Trunks {
		codecs, err := codecsOf("trunk "+t.Name+": codecs", t.Codecs)
		if err != nil {
			return nil, err
		}
		trunk := core.Trunk{
			Name: t.Name, Sources: t.Sources, Codecs: codecs, MaxCalls: t.MaxCalls, CallsPerSecond: t.CallsPerSecond,
			Maintenance: t.Maintenance, Identity: t.TrustIdentity,
			Headers: core.HeaderRules{Remove: t.Headers.Remove, Set: headersIn(t.Headers.Set), Add: headersIn(t.Headers.Add)},
		}
		if t.Account != nil {
			trunk.Account = digest.Account{User: t.Account.User, Password: t.Account.Password.Reveal()}
		}
		if t.Auth != nil {
			if trunk.User, err = userOf(t.Auth); err != nil {
				return nil, fmt.Errorf("trunk %s: auth: %w", t.Name, err)
			}
		}
		if r := t.Register; r != nil {
			trunk.Register = &core.Register{
				Registrars: r.Registrars, Proxy: r.Proxy, User: r.User, Domain: r.Domain, Contact: r.Contact,
				Account: trunk.Account, Expires: r.Expires(), KeepAlive: r.Keepalive(),
			}
		}
		all = append(all, trunk)
	}
	return all, nil
}

func userOf(a *config.TrunkAuth) (*digest.User, error) {
	var algorithms []digest.Algorithm
	for _, name := range a.Algorithms {
		algorithm, err := digest.ParseAlgorithm(name)
		if err != nil {
			return nil, err
		}
		algorithms = append(algorithms, algorithm)
	}
	u := digest.NewUser(a.User, a.Realm, a.Password.Reveal(), algorithms)
	if ha1 := a.HA1.Reveal(); ha1 != "" {
		u.HA1 = map[digest.Algorithm]string{algorithms[0]: ha1}
	}
	return &u, nil
}

func headersIn(fields map[string]string) (all core.Headers) {
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		all = append(all, core.Header{Name: name, Value: fields[name]})
	}
	return all
}

// trunks are the figures of the trunks for /health.
func (a *app) trunks() []console.Trunk {
	var all []console.Trunk
	for _, t := range a.server.Trunks() {
		shown := console.Trunk{
			Name: t.Name, Maintenance: t.Maintenance, ActiveCalls: t.Active, TotalCalls: t.Total, RefusedCalls: t.Refused, UnauthorizedCalls: t.Unauthorized,
		}
		if r := t.Registration; r != nil {
			shown.Registration = &console.Registration{State: r.State, Registrar: r.Registrar, Failure: r.Failure}
			if !r.Until.IsZero() {
				shown.Registration.ExpiresInSeconds = int64(max(time.Until(r.Until), 0).Seconds())
			}
		}
		all = append(all, shown)
	}
	return all
}

// trunkCollector tells the figures of the trunks to GET /metrics.
type trunkCollector struct{ app *app }

var (
	trunkLabel        = []string{"trunk"}
	trunkRegistered   = prometheus.NewDesc("offhook_trunk_registered", "1 while the trunk is registered with its registrar.", trunkLabel, nil)
	trunkActive       = prometheus.NewDesc("offhook_trunk_calls_active", "Calls of the trunk in progress.", trunkLabel, nil)
	trunkTotal        = prometheus.NewDesc("offhook_trunk_calls_total", "Calls of the trunk that were taken.", trunkLabel, nil)
	trunkRefused      = prometheus.NewDesc("offhook_trunk_refused_total", "Requests of the trunk refused because of a limit, maintenance or wrong credentials.", trunkLabel, nil)
	trunkUnauthorized = prometheus.NewDesc("offhook_trunk_unauthorized_total", "Requests of the trunk with wrong credentials.", trunkLabel, nil)
)

// Describe is of prometheus.Collector.
func (c trunkCollector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{trunkRegistered, trunkActive, trunkTotal, trunkRefused, trunkUnauthorized} {
		to <- d
	}
}

// Collect is of prometheus.Collector.
func (c trunkCollector) Collect(to chan<- prometheus.Metric) {
	for _, t := range c.app.server.Trunks() {
		if r := t.Registration; r != nil {
			registered := 0.0
			if r.State == "registered" {
				registered = 1
			}
			to <- prometheus.MustNewConstMetric(trunkRegistered, prometheus.GaugeValue, registered, t.Name)
		}
		to <- prometheus.MustNewConstMetric(trunkActive, prometheus.GaugeValue, float64(t.Active), t.Name)
		to <- prometheus.MustNewConstMetric(trunkTotal, prometheus.CounterValue, float64(t.Total), t.Name)
		to <- prometheus.MustNewConstMetric(trunkRefused, prometheus.CounterValue, float64(t.Refused), t.Name)
		to <- prometheus.MustNewConstMetric(trunkUnauthorized, prometheus.CounterValue, float64(t.Unauthorized), t.Name)
	}
}

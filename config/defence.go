package config

import (
	"math"
	"net/netip"
	"strconv"
	"time"
)

// Defence is the [defence] section.
type Defence struct {
	Trusted []string `koanf:"trusted"`
	Allow   []string `koanf:"allow"`
	Deny    []string `koanf:"deny"`

	CallsPerSecond    float64 `koanf:"calls_per_second"`
	MaxDelayMs        int     `koanf:"max_delay_ms"`
	MessagesPerSource float64 `koanf:"messages_per_second_and_source"`
	MessageBurst      int     `koanf:"message_burst"`

	Scanners   []string `koanf:"scanners"`
	Suspicious int      `koanf:"suspicious_per_minute"`
	BanSeconds float64  `koanf:"ban_seconds"`

	MaxMessageBytes int `koanf:"max_message_bytes"`
	MaxHeaderBytes  int `koanf:"max_header_bytes"`
	MaxHeaders      int `koanf:"max_headers"`
	MaxTransactions int `koanf:"max_transactions"`
}

// MaxDelay is how long calls may wait for their script before new ones are refused.
func (d Defence) MaxDelay() time.Duration { return time.Duration(d.MaxDelayMs) * time.Millisecond }

// BanFor is how long a ban lasts.
func (d Defence) BanFor() time.Duration { return seconds(d.BanSeconds) }

func (d *Defence) validate(fail report) {
	for key, list := range map[string][]string{"trusted": d.Trusted, "allow": d.Allow, "deny": d.Deny} {
		if _, bad := ParseNetworks(list); bad != "" {
			fail("defence."+key, "%q is not an address or network: write \"192.0.2.7\" or \"10.0.0.0/8\"", bad)
		}
	}
	atLeast(fail, "defence.calls_per_second", d.CallsPerSecond, 0)
	atLeast(fail, "defence.max_delay_ms", float64(d.MaxDelayMs), 1)
	atLeast(fail, "defence.messages_per_second_and_source", d.MessagesPerSource, 0)
	atLeast(fail, "defence.message_burst", float64(d.MessageBurst), 0)
	atLeast(fail, "defence.suspicious_per_minute", float64(d.Suspicious), 0)
	atLeast(fail, "defence.ban_seconds", d.BanSeconds, 0)
	for _, s := range d.Scanners {
		if len(s) < 3 {
			fail("defence.scanners", "%q is the beginning of too much: write three letters or more", s)
		}
	}
	atLeast(fail, "defence.max_message_bytes", float64(d.MaxMessageBytes), 1000)
	if d.MaxMessageBytes > 65535 {
		fail("defence.max_message_bytes", "%d is too large: write 65535 or less", d.MaxMessageBytes)
	}
	atLeast(fail, "defence.max_header_bytes", float64(d.MaxHeaderBytes), 500)
	if d.MaxHeaderBytes > d.MaxMessageBytes {
		fail("defence.max_header_bytes", "%d is more than a message may have: write %d or less", d.MaxHeaderBytes, d.MaxMessageBytes)
	}
	atLeast(fail, "defence.max_headers", float64(d.MaxHeaders), 10)
	atLeast(fail, "defence.max_transactions", float64(d.MaxTransactions), 100)
}

// ParseNetworks reads addresses and networks. bad is the first that is neither.
func ParseNetworks(list []string) (networks []netip.Prefix, bad string) {
	for _, text := range list {
		network, err := netip.ParsePrefix(text)
		if address, err2 := netip.ParseAddr(text); err != nil && err2 == nil && address.Zone() == "" {
			network, err = netip.PrefixFrom(address, address.BitLen()), nil
		}
		if err != nil || network.Addr().Is4In6() {
			return nil, text
		}
		networks = append(networks, network)
	}
	return networks, ""
}

// ScriptLimit bounds the calls of one script; 0: no limit.
type ScriptLimit struct {
	Calls     int     // at once
	PerSecond float64 // new ones
}

// The keys of a [script.NAME] table that bound its calls.
const maxCalls, callsPerSecond = "max_calls", "calls_per_second"

// ScriptLimits are the limits in [script.NAME] tables, by the name of the script.
func (c *Config) ScriptLimits() map[string]ScriptLimit {
	limits := map[string]ScriptLimit{}
	for name, table := range c.Script {
		calls, _ := limit(table[maxCalls])
		perSecond, _ := limit(table[callsPerSecond])
		if calls > 0 || perSecond > 0 {
			limits[name] = ScriptLimit{int(calls), perSecond}
		}
	}
	return limits
}

func (c *Config) validateScriptLimits(fail report) {
	for name, table := range c.Script {
		for _, key := range []string{maxCalls, callsPerSecond} {
			value, written := table[key]
			n, ok := limit(value)
			if written && (!ok || n < 0 || key == maxCalls && n != math.Trunc(n)) {
				fail("script."+name+"."+key, "%s is not a limit: write a number, 0 for none", show(value))
			}
		}
	}
}

// limit is a setting as a number; those of the environment and of flags are text.
func limit(value any) (n float64, ok bool) {
	switch v := value.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, !math.IsNaN(v)
	case string:
		n, err := strconv.ParseFloat(v, 64)
		return n, err == nil && !math.IsNaN(n)
	}
	return 0, false
}

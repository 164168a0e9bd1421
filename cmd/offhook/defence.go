package main

import (
	"log/slog"
	"net/netip"

	"offhook/config"
	"offhook/core/guard"
)

// newGuard is the guard of the configuration, which was validated. The networks of trunks are trusted.
func newGuard(c *config.Config, log *slog.Logger) *guard.Guard {
	d := c.Defence
	networks := func(list []string) []netip.Prefix {
		all, _ := config.ParseNetworks(list)
		return all
	}
	trusted := networks(d.Trusted)
	for _, t := range c.Trunks {
		trusted = append(trusted, t.Sources...)
	}
	return guard.New(guard.Options{
		Trusted: trusted, Allow: networks(d.Allow), Deny: networks(d.Deny),
		SourceRate: d.MessagesPerSource, SourceBurst: d.MessageBurst,
		Scanners: d.Scanners, Suspect: d.Suspicious, BanFor: d.BanFor(),
		OnBan: func(b guard.Ban) {
			log.Warn("banned", "remote", b.Source.String(), "reason", b.Reason, "until", b.Until)
		},
	})
}

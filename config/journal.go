package config

import "slices"

// Journal is the [journal] section.
type Journal struct {
	RecentCalls int    `koanf:"recent_calls"`
	MaxBytes    int    `koanf:"max_bytes"`
	RTP         string `koanf:"rtp"`
	RTPMaxBytes int    `koanf:"rtp_max_bytes"` // of one call
}

func (j *Journal) validate(fail report) {
	atLeast(fail, "journal.recent_calls", float64(j.RecentCalls), 0)
	atLeast(fail, "journal.max_bytes", float64(j.MaxBytes), 1<<20)
	if !slices.Contains([]string{"off", "headers", "full"}, j.RTP) {
		fail("journal.rtp", "%q is not a choice: write \"off\", \"headers\" or \"full\"", j.RTP)
	}
	atLeast(fail, "journal.rtp_max_bytes", float64(j.RTPMaxBytes), 64<<10)
}

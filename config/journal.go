package config

import (
	"math"
	"net"
	"slices"
	"strconv"
)

// Journal is the [journal] section.
type Journal struct {
	RecentCalls int    `koanf:"recent_calls"`
	MaxBytes    int    `koanf:"max_bytes"`
	RTP         string `koanf:"rtp"`
	RTPMaxBytes int    `koanf:"rtp_max_bytes"` // of one call
	HEP         string `koanf:"hep"`           // host:port; empty: nowhere
	HEPID       int    `koanf:"hep_id"`
	HEPPassword string `koanf:"hep_password"`
}

func (j *Journal) validate(fail report) {
	atLeast(fail, "journal.recent_calls", float64(j.RecentCalls), 0)
	atLeast(fail, "journal.max_bytes", float64(j.MaxBytes), 1<<20)
	if !slices.Contains([]string{"off", "headers", "full"}, j.RTP) {
		fail("journal.rtp", "%q is not a choice: write \"off\", \"headers\" or \"full\"", j.RTP)
	}
	atLeast(fail, "journal.rtp_max_bytes", float64(j.RTPMaxBytes), 64<<10)
	host, port, err := net.SplitHostPort(j.HEP)
	if n, bad := strconv.ParseUint(port, 10, 16); j.HEP != "" && (err != nil || bad != nil || n == 0 || host == "") {
		fail("journal.hep", "%q is not an address with a port: write one as \"homer.example.com:9060\"", j.HEP)
	}
	if j.HEPID < 0 || int64(j.HEPID) > math.MaxUint32 {
		fail("journal.hep_id", "%d is out of range: write 0 to 4294967295", j.HEPID)
	}
}

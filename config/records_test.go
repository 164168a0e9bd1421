package config

import (
	"strings"
	"testing"
	"time"
)

func TestRecords(t *testing.T) {
	c, err := load(t, "[records]\ndir = \"/var/lib/offhook/records\"\nmax_age_hours = 1.5\n[journal]\nrtp = \"headers\"\n", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if c.Records.MaxAge() != 90*time.Minute || c.Journal.RTP != "headers" || c.Journal.RecentCalls != 1000 {
		t.Errorf("%+v %+v", c.Records, c.Journal)
	}
	for _, tt := range []struct{ toml, want string }{
		{"[journal]\nrtp = \"on\"", `journal.rtp: "on" is not a choice: write "off", "headers" or "full"`},
		{"[journal]\nrecent_calls = -1", "journal.recent_calls: -1 is too small: write 0 or more"},
		{"[journal]\nmax_bytes = 1", "journal.max_bytes: 1 is too small"},
		{"[journal]\nrtp_max_bytes = 1", "journal.rtp_max_bytes: 1 is too small"},
		{"[journal]\nhep = \"homer\"", `journal.hep: "homer" is not an address with a port: write one as "homer.example.com:9060"`},
		{"[journal]\nhep = \"homer:sip\"", `journal.hep: "homer:sip" is not an address with a port`},
		{"[journal]\nhep_id = -1", "journal.hep_id: -1 is out of range: write 0 to 4294967295"},
		{"[records]\nmax_size_mb = 0", "records.max_size_mb: 0 is too small"},
		{"[records]\nmax_age_hours = -1", "records.max_age_hours: -1 is too small"},
		{"[records]\nmax_files = -1", "records.max_files: -1 is too small"},
		{"[records]\ndir = \"d\"\nwebhook_url = \"ftp://x\"", `records.webhook_url: is not a URL: write one as "https://example.com/calls"`},
		{"[records]\ndir = \"d\"\nwebhook_url = \"https://u:p@x\"", "records.webhook_url: has a user in it: write records.webhook_token"},
		{"[records]\nwebhook_url = \"https://x\"", "records.webhook_url: needs records.dir"},
		{"[records]\nwebhook_token = \"a\"\nwebhook_token_file = \"b\"", "records.webhook_token: and records.webhook_token_file exclude each other"},
		{"[records]\nwebhook_token = \"a b\"", "records.webhook_token: must not have spaces"},
		{"[records]\nwebhook_batch = 0", "records.webhook_batch: 0 is too small"},
		{"[records]\nwebhook_batch = 1001", "records.webhook_batch: 1001 is too large"},
		{"[records]\nwebhook_timeout_seconds = 0", "records.webhook_timeout_seconds: 0 is not a time-out"},
	} {
		if _, err := load(t, tt.toml, Options{}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v, want %s", tt.toml, err, tt.want)
		}
	}
}

package config

import (
	"net/url"
	"strings"
	"time"
)

// Records is the [records] section.
type Records struct {
	Dir          string  `koanf:"dir"`
	MaxSizeMB    int     `koanf:"max_size_mb"`
	MaxAgeHours  float64 `koanf:"max_age_hours"`
	MaxFiles     int     `koanf:"max_files"`
	WebhookURL   string  `koanf:"webhook_url"`
	WebhookToken string  `koanf:"webhook_token"`
}

// MaxAge is how old a file of records gets before another one follows; 0: however old.
func (r Records) MaxAge() time.Duration { return time.Duration(r.MaxAgeHours * float64(time.Hour)) }

func (r *Records) validate(fail report) {
	atLeast(fail, "records.max_size_mb", float64(r.MaxSizeMB), 1)
	atLeast(fail, "records.max_age_hours", r.MaxAgeHours, 0)
	atLeast(fail, "records.max_files", float64(r.MaxFiles), 0)
	if strings.ContainsAny(r.WebhookToken, "\r\n") {
		fail("records.webhook_token", "must be one line")
	}
	if r.WebhookURL == "" {
		return
	}
	if u, err := url.Parse(r.WebhookURL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		fail("records.webhook_url", "%q is not a URL: write one that begins with https:// or http://", r.WebhookURL)
	}
	if r.Dir == "" {
		fail("records.webhook_url", "needs records.dir, which keeps the records until the webhook has taken them: write a folder there")
	}
}

package config

import (
	"net/url"
	"strings"
	"time"
)

// Records is the [records] section.
type Records struct {
	Dir         string  `koanf:"dir"`
	MaxSizeMB   int     `koanf:"max_size_mb"`
	MaxAgeHours float64 `koanf:"max_age_hours"`
	MaxFiles    int     `koanf:"max_files"`

	WebhookURL            string  `koanf:"webhook_url"`
	WebhookToken          string  `koanf:"webhook_token"`
	WebhookTokenFile      string  `koanf:"webhook_token_file"`
	WebhookBatch          int     `koanf:"webhook_batch"`
	WebhookTimeoutSeconds float64 `koanf:"webhook_timeout_seconds"`
	WebhookCA             string  `koanf:"webhook_ca"`
}

// WebhookTimeout is how long the webhook may take to answer.
func (r Records) WebhookTimeout() time.Duration { return seconds(r.WebhookTimeoutSeconds) }

// MaxAge is how old a file of records gets before another one follows; 0: however old.
func (r Records) MaxAge() time.Duration { return time.Duration(r.MaxAgeHours * float64(time.Hour)) }

func (r *Records) validate(fail report) {
	atLeast(fail, "records.max_size_mb", float64(r.MaxSizeMB), 1)
	atLeast(fail, "records.max_age_hours", r.MaxAgeHours, 0)
	atLeast(fail, "records.max_files", float64(r.MaxFiles), 0)
	r.validateWebhook(fail)
}

func (r *Records) validateWebhook(fail report) {
	if r.WebhookURL != "" {
		u, err := url.Parse(r.WebhookURL)
		switch {
		case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
			fail("records.webhook_url", "is not a URL: write one as \"https://example.com/calls\"") // it is not shown: it may have a password
		case u.User != nil:
			fail("records.webhook_url", "has a user in it: write records.webhook_token")
		case r.Dir == "":
			fail("records.webhook_url", "needs records.dir: records wait in its files until they are taken")
		}
	}
	if r.WebhookToken != "" && r.WebhookTokenFile != "" {
		fail("records.webhook_token", "and records.webhook_token_file exclude each other: write one of them")
	}
	if strings.ContainsAny(r.WebhookToken, " \t\r\n") {
		fail("records.webhook_token", "must not have spaces")
	}
	atLeast(fail, "records.webhook_batch", float64(r.WebhookBatch), 1)
	if r.WebhookBatch > 1000 {
		fail("records.webhook_batch", "%d is too large: write 1000 or less", r.WebhookBatch)
	}
	if !(r.WebhookTimeoutSeconds > 0 && r.WebhookTimeoutSeconds <= 300) {
		fail("records.webhook_timeout_seconds", "%g is not a time-out: write more than 0 and at most 300", r.WebhookTimeoutSeconds)
	}
}

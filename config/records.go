package config

import "time"

// Records is the [records] section.
type Records struct {
	Dir         string  `koanf:"dir"`
	MaxSizeMB   int     `koanf:"max_size_mb"`
	MaxAgeHours float64 `koanf:"max_age_hours"`
	MaxFiles    int     `koanf:"max_files"`
}

// MaxAge is how old a file of records gets before another one follows; 0: however old.
func (r Records) MaxAge() time.Duration { return time.Duration(r.MaxAgeHours * float64(time.Hour)) }

func (r *Records) validate(fail report) {
	atLeast(fail, "records.max_size_mb", float64(r.MaxSizeMB), 1)
	atLeast(fail, "records.max_age_hours", r.MaxAgeHours, 0)
	atLeast(fail, "records.max_files", float64(r.MaxFiles), 0)
}

package config

import (
	"slices"
	"strings"
)

// validate reports every value that makes no sense, by its key.
func (c *Config) validate(fail func(key, format string, args ...any)) {
	c.SIP.validate(fail)
	c.TLS.validate(fail)
	c.validateListeners(fail)
	c.Defence.validate(fail)
	c.validateScriptLimits(fail)
	c.Behavior.validate(fail)
	c.Media.validate(fail)
	c.Scripting.validate(fail)
	c.Logging.validate(fail)
	c.Health.validate(fail)
	c.Console.validate(fail)
	c.Journal.validate(fail)
	c.Records.validate(fail)
	if half := float64(c.Media.AudioSampleRate) / 2; c.Behavior.ToneFrequency >= half {
		fail("behavior.tone_frequency", "%g Hz is not below half the sample rate: write less than %g", c.Behavior.ToneFrequency, half)
	}
}

type report = func(key, format string, args ...any)

func (s *SIP) validate(fail report) {
	checkBindAddress(fail, "sip.bind_address", s.BindAddress)
	checkPort(fail, "sip.port", s.Port)
	checkPort(fail, "sip.tls_port", s.TLSPort)
	checkPort(fail, "sip.ws_port", s.WSPort)
	checkPort(fail, "sip.wss_port", s.WSSPort)
	checkExternalIP(fail, "sip.external_ip", s.ExternalIP)
	checkNets(fail, "sip.local_nets", s.LocalNets)
	atLeast(fail, "sip.tcp_above_bytes", float64(s.TCPAbove), 0)
	atLeast(fail, "sip.max_connections", float64(s.MaxConnections), 1)
	atLeast(fail, "sip.max_connections_per_ip", float64(s.MaxConnectionsPerIP), 1)
	atLeast(fail, "sip.connection_idle_seconds", s.ConnectionIdleSeconds, 1)
	if strings.ContainsAny(s.Domain, " \t\r\n<>@;") {
		fail("sip.domain", "%q is not a host name", s.Domain)
	}
	atLeast(fail, "sip.t1_ms", float64(s.T1Ms), 1)
	atLeast(fail, "sip.t2_ms", float64(s.T2Ms), float64(s.T1Ms))
	atLeast(fail, "sip.min_se_seconds", float64(s.MinSESeconds), 1)
	if s.SessionExpiresSeconds != 0 {
		atLeast(fail, "sip.session_expires_seconds", float64(s.SessionExpiresSeconds), float64(s.MinSESeconds))
	}
	if strings.ContainsAny(s.UserAgent, "\r\n") {
		fail("sip.user_agent", "must be one line")
	}
}

func (b *Behavior) validate(fail report) {
	atLeast(fail, "behavior.auto_answer_delay_ms", float64(b.AutoAnswerDelayMs), 0)
	atLeast(fail, "behavior.call_timeout_seconds", b.CallTimeoutSeconds, 0)
	atLeast(fail, "behavior.max_concurrent_calls", float64(b.MaxConcurrentCalls), 1)
	atLeast(fail, "behavior.drain_timeout_seconds", b.DrainTimeoutSeconds, 0)
	atLeast(fail, "behavior.tone_duration_seconds", b.ToneDurationSeconds, 0)
	if b.ToneFrequency <= 0 {
		fail("behavior.tone_frequency", "%g is not a frequency: write Hz above 0", b.ToneFrequency)
	}
}

// codecs are the names of all there are, as in package media.
const codecs = "PCMU, PCMA, G722, L16/8000, L16/16000"

func (m *Media) validate(fail report) {
	checkPort(fail, "media.rtp_port_range_start", m.RTPPortRangeStart)
	checkPort(fail, "media.rtp_port_range_end", m.RTPPortRangeEnd)
	first := m.RTPPortRangeStart + m.RTPPortRangeStart%2 // RTP is on even ports (RFC 3550 §11)
	if first+1 > m.RTPPortRangeEnd {
		fail("media.rtp_port_range_end", "%d to %d holds no pair of an even port and the next odd one: write %d or more",
			m.RTPPortRangeStart, m.RTPPortRangeEnd, first+1)
	}
	if len(m.PreferredCodecs) == 0 {
		fail("media.preferred_codecs", "is empty: write one or more of %s", codecs)
	}
	for _, name := range m.PreferredCodecs {
		if !slices.Contains(strings.Split(codecs, ", "), name) {
			fail("media.preferred_codecs", "%q is not a codec we have: write one or more of %s", name, codecs)
		}
	}
	if !slices.Contains([]string{"off", "optional", "required"}, m.SRTP) {
		fail("media.srtp", "%q is not a choice: write \"off\", \"optional\" or \"required\"", m.SRTP)
	}
	if !slices.Contains([]string{"auto", "on", "off"}, m.DTMFInband) {
		fail("media.dtmf_inband", "%q is not a choice: write \"auto\", \"on\" or \"off\"", m.DTMFInband)
	}
	atLeast(fail, "media.rtp_timeout", m.RTPTimeout, 0)
	if m.AudioSampleRate != 8000 {
		fail("media.audio_sample_rate", "%d: PCMU and PCMA run at 8000 Hz: write 8000", m.AudioSampleRate)
	}
}

func (s *Scripting) validate(fail report) {
	if s.Dir == "" {
		fail("scripting.dir", "is empty: write the folder of the scripts")
	}
	atLeast(fail, "scripting.slice_ms", float64(s.SliceMs), 1)
	atLeast(fail, "scripting.max_instructions", float64(s.MaxInstructions), 1000)
	atLeast(fail, "scripting.max_memory_kb", float64(s.MaxMemoryKB), 64)
	atLeast(fail, "scripting.max_string_kb", float64(s.MaxStringKB), 1)
	atLeast(fail, "scripting.max_pattern_steps", float64(s.MaxPatternSteps), 1000)
	atLeast(fail, "scripting.max_nesting", float64(s.MaxNesting), 4)
	atLeast(fail, "scripting.max_coroutines", float64(s.MaxCoroutines), 1)
	atLeast(fail, "scripting.max_call_depth", float64(s.MaxCallDepth), 20)
	if s.MaxCallDepth > 4096 {
		fail("scripting.max_call_depth", "%d is too large: write 4096 or less", s.MaxCallDepth)
	}
	checkPatterns(fail, "scripting.http_allow", s.HTTPAllow, `a host as "api.example.com" or "*.example.com:8443", without http://`)
	checkPatterns(fail, "scripting.env_allow", s.EnvAllow, `a name as "TZ" or "APP_*"`)
	if !(s.HTTPTimeoutSeconds > 0 && s.HTTPTimeoutSeconds <= 30) {
		fail("scripting.http_timeout_seconds", "%g is not a time-out: write more than 0 and at most 30", s.HTTPTimeoutSeconds)
	}
	s.validateKV(fail)
	atLeast(fail, "scripting.http_max_concurrent", float64(s.HTTPMaxConcurrent), 1)
	atLeast(fail, "scripting.metrics_max_series", float64(s.MetricsMaxSeries), 0)
	atLeast(fail, "scripting.metrics_max_series_each", float64(s.MetricsMaxEach), 0)
	if s.ErrorCode < 400 || s.ErrorCode > 699 {
		fail("scripting.error_code", "%d is not a final SIP error: write 400 to 699", s.ErrorCode)
	}
}

func (l *Logging) validate(fail report) {
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, l.Level) {
		fail("logging.level", "%q is not a level: write \"debug\", \"info\", \"warn\" or \"error\"", l.Level)
	}
	if l.Format != "text" && l.Format != "json" {
		fail("logging.format", "%q is not a format: write \"text\" or \"json\"", l.Format)
	}
	if l.EnableFileLogging && l.LogFilePath == "" {
		fail("logging.log_file_path", "is empty: write where the log file goes")
	}
	atLeast(fail, "logging.max_log_size_mb", float64(l.MaxLogSizeMB), 1)
	atLeast(fail, "logging.max_log_files", float64(l.MaxLogFiles), 0)
	atLeast(fail, "logging.statistics_interval_seconds", l.StatisticsIntervalSeconds, 0)
}

func (h *Health) validate(fail report) {
	checkPort(fail, "health.health_check_port", h.HealthCheckPort)
	atLeast(fail, "health.health_check_interval_seconds", h.HealthCheckIntervalSeconds, 1)
	atLeast(fail, "health.max_restart_attempts", float64(h.MaxRestartAttempts), 0)
}

func checkPatterns(fail report, key string, patterns []string, example string) {
	for _, p := range patterns {
		if p == "" || strings.ContainsAny(p, "/ \t") {
			fail(key, "%q is none: write %s", p, example)
		}
	}
}

func checkPort(fail report, key string, port int) {
	if port < 0 || port > 65535 {
		fail(key, "%d is not a port: write 1 to 65535", port)
	}
}

func atLeast(fail report, key string, value, least float64) {
	if !(value >= least) { // also true for NaN
		fail(key, "%g is too small: write %g or more", value, least)
	}
}

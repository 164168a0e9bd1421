// Package config is the configuration of Offhook as data: its types, its
// defaults, where values come from and whether they make sense. It starts
// nothing and opens nothing but the configuration file.
//
// Sources, later ones win:
//
//	default.toml (embedded) < the file < environment < flags
//
// Every value remembers where it came from, so that an error names the place.
package config

import (
	_ "embed"
	"time"

	"github.com/knadh/koanf/parsers/toml/v2"
)

// Default is the commented default configuration, which is also the lowest
// layer of every configuration: documentation and defaults cannot differ.
//
//go:embed default.toml
var Default string

// Config is a complete, validated configuration. Field comments are in
// default.toml, which users read.
type Config struct {
	SIP       SIP       `koanf:"sip"`
	TLS       TLS       `koanf:"tls"`
	Defence   Defence   `koanf:"defence"`
	Behavior  Behavior  `koanf:"behavior"`
	Media     Media     `koanf:"media"`
	Scripting Scripting `koanf:"scripting"`
	Routing   Routing   `koanf:"routing"`
	Logging   Logging   `koanf:"logging"`
	Health    Health    `koanf:"health"`
	Control   Control   `koanf:"control"`
	Console   Console   `koanf:"console"`
	Journal   Journal   `koanf:"journal"`
	Records   Records   `koanf:"records"`

	// Script holds the free [script.NAME] tables.
	Script map[string]map[string]any `koanf:"script"`

	// Listeners are the [[listener]] blocks, in order, completed from [sip] and [tls].
	Listeners []Listener `koanf:"-"`

	// Routes are the [[route]] blocks, in order, and after them the scripts of the [[trunk]] blocks.
	Routes []Route `koanf:"-"`
	// Trunks are the [[trunk]] blocks, in order.
	Trunks []Trunk `koanf:"-"`

	values map[string]any    // every key with its value, for Get
	tree   map[string]any    // the same by sections, without routes, listeners and trunks
	places map[string]string // where values came from, for Place
}

// Place says where a key or what it is part of was written: "offhook.toml:12".
// It is empty for the defaults. "route.0" is the first [[route]] block.
func (c *Config) Place(key string) string { return nearest(c.places, key) }

// SIP is the [sip] section.
type SIP struct {
	BindAddress string   `koanf:"bind_address"`
	Port        int      `koanf:"port"`
	Domain      string   `koanf:"domain"`
	Transport   []string `koanf:"transport"`
	UserAgent   string   `koanf:"user_agent"`
	T1Ms        int      `koanf:"t1_ms"`
	T2Ms        int      `koanf:"t2_ms"`

	TLSPort    int      `koanf:"tls_port"`
	WSPort     int      `koanf:"ws_port"`
	WSSPort    int      `koanf:"wss_port"`
	WSOrigins  []string `koanf:"ws_origins"`
	ExternalIP []string `koanf:"external_ip"`
	LocalNets  []string `koanf:"local_nets"`
	TCPAbove   int      `koanf:"tcp_above_bytes"`

	MaxConnections        int     `koanf:"max_connections"`
	MaxConnectionsPerIP   int     `koanf:"max_connections_per_ip"`
	ConnectionIdleSeconds float64 `koanf:"connection_idle_seconds"`

	SessionExpiresSeconds int  `koanf:"session_expires_seconds"`
	MinSESeconds          int  `koanf:"min_se_seconds"`
	ReliableProvisionals  bool `koanf:"reliable_provisionals"`
	AcceptRefer           bool `koanf:"accept_refer"`
	RequireTrunk          bool `koanf:"require_trunk"`
}

// SessionExpires is the session interval that we ask for by ourselves; 0: none.
func (s SIP) SessionExpires() time.Duration { return seconds(float64(s.SessionExpiresSeconds)) }

// ConnectionIdle is how long a connection may go without traffic.
func (s SIP) ConnectionIdle() time.Duration { return seconds(s.ConnectionIdleSeconds) }

// MinSession is the least session interval that we accept.
func (s SIP) MinSession() time.Duration { return seconds(float64(s.MinSESeconds)) }

// Behavior is the [behavior] section. Scripts read it with config.get.
type Behavior struct {
	AutoAnswer          bool    `koanf:"auto_answer"`
	AutoAnswerDelayMs   int     `koanf:"auto_answer_delay_ms"`
	ToneDurationSeconds float64 `koanf:"tone_duration_seconds"`
	ToneFrequency       float64 `koanf:"tone_frequency"`
	CallTimeoutSeconds  float64 `koanf:"call_timeout_seconds"`
	MaxConcurrentCalls  int     `koanf:"max_concurrent_calls"`
	DrainTimeoutSeconds float64 `koanf:"drain_timeout_seconds"`
}

// CallTimeout is the longest a call may last; 0 means no limit.
func (b Behavior) CallTimeout() time.Duration { return seconds(b.CallTimeoutSeconds) }

// DrainTimeout is how long calls in progress may go on once the server drains.
func (b Behavior) DrainTimeout() time.Duration { return seconds(b.DrainTimeoutSeconds) }

// Media is the [media] section.
type Media struct {
	RTPPortRangeStart int      `koanf:"rtp_port_range_start"`
	RTPPortRangeEnd   int      `koanf:"rtp_port_range_end"`
	PreferredCodecs   []string `koanf:"preferred_codecs"`
	EnableDTMF        bool     `koanf:"enable_dtmf"`
	DTMFInband        string   `koanf:"dtmf_inband"`
	AudioSampleRate   int      `koanf:"audio_sample_rate"`
	SoundsDir         string   `koanf:"sounds_dir"`
	RecordingsDir     string   `koanf:"recordings_dir"`
	SRTP              string   `koanf:"srtp"`
	SymmetricRTP      bool     `koanf:"symmetric_rtp"`
	RTPTimeout        float64  `koanf:"rtp_timeout"` // seconds
	RealtimePriority  bool     `koanf:"realtime_priority"`
}

// Silent is how long a call may go without RTP; 0 means for ever.
func (m Media) Silent() time.Duration { return seconds(m.RTPTimeout) }

// Scripting is the [scripting] section.
type Scripting struct {
	Dir             string `koanf:"dir"`
	SliceMs         int    `koanf:"slice_ms"`
	MaxInstructions int    `koanf:"max_instructions"`
	MaxMemoryKB     int    `koanf:"max_memory_kb"`
	MaxStringKB     int    `koanf:"max_string_kb"`
	MaxPatternSteps int    `koanf:"max_pattern_steps"`
	MaxNesting      int    `koanf:"max_nesting"`
	MaxCoroutines   int    `koanf:"max_coroutines"`
	MaxCallDepth    int    `koanf:"max_call_depth"`
	ErrorCode       int    `koanf:"error_code"`
	TestBeforeSwap  bool   `koanf:"test_before_swap"`
	AllowImpair     bool   `koanf:"allow_impair"`
	AllowFaults     bool   `koanf:"allow_faults"`

	HTTPAllow          []string `koanf:"http_allow"`
	HTTPTimeoutSeconds float64  `koanf:"http_timeout_seconds"`
	HTTPMaxConcurrent  int      `koanf:"http_max_concurrent"`
	KVPath             string   `koanf:"kv_path"`
	KVRedis            string   `koanf:"kv_redis"`
	KVTimeoutSeconds   float64  `koanf:"kv_timeout_seconds"`
	EnvAllow           []string `koanf:"env_allow"`
	MetricsMaxSeries   int      `koanf:"metrics_max_series"`
	MetricsMaxEach     int      `koanf:"metrics_max_series_each"`
}

// Routing is the [routing] section.
type Routing struct {
	ByUser bool `koanf:"by_user"`
}

// HTTPTimeout is how long a request of http.get or http.post may take when it names no time-out.
func (s Scripting) HTTPTimeout() time.Duration { return seconds(s.HTTPTimeoutSeconds) }

// KVTimeout is how long Redis has for each use of kv.
func (s Scripting) KVTimeout() time.Duration { return seconds(s.KVTimeoutSeconds) }

// Logging is the [logging] section.
type Logging struct {
	Level                     string  `koanf:"level"`
	Format                    string  `koanf:"format"`
	EnableFileLogging         bool    `koanf:"enable_file_logging"`
	LogFilePath               string  `koanf:"log_file_path"`
	MaxLogSizeMB              int     `koanf:"max_log_size_mb"`
	MaxLogFiles               int     `koanf:"max_log_files"`
	EnableSyslog              bool    `koanf:"enable_syslog"`
	StatisticsIntervalSeconds float64 `koanf:"statistics_interval_seconds"`
}

// StatisticsInterval is how often the statistics line is logged; 0 means never.
func (l Logging) StatisticsInterval() time.Duration { return seconds(l.StatisticsIntervalSeconds) }

// Health is the [health] section.
type Health struct {
	EnableHealthCheck          bool    `koanf:"enable_health_check"`
	HealthCheckPort            int     `koanf:"health_check_port"`
	HealthCheckIntervalSeconds float64 `koanf:"health_check_interval_seconds"`
	RestartOnFailure           bool    `koanf:"restart_on_failure"`
	MaxRestartAttempts         int     `koanf:"max_restart_attempts"`
}

// Interval is how often a monitor asks.
func (h Health) Interval() time.Duration { return seconds(h.HealthCheckIntervalSeconds) }

// Control is the [control] section.
type Control struct {
	Socket string `koanf:"socket"` // a path, "auto", or empty: none
}

// Get is what config.get sees in the script of that name: its own
// [script.NAME] table first, then the [behavior] section.
func (c *Config) Get(script, key string) (value any, ok bool) {
	if value, ok = c.Script[script][key]; ok {
		return value, true
	}
	value, ok = c.values["behavior."+key]
	return value, ok
}

// TOML is the configuration as a file that loads to the same, but for routes, listeners and trunks.
func (c *Config) TOML() ([]byte, error) { return toml.Parser().Marshal(c.tree) }

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

package config

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func load(t *testing.T, toml string, o Options) (*Config, error) {
	t.Helper()
	if toml != "" {
		o.File = filepath.Join(t.TempDir(), "offhook.toml")
		if err := os.WriteFile(o.File, []byte(toml), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return Load(o)
}

func TestDefaultSetsEveryKey(t *testing.T) {
	c, err := Load(Options{})
	if err != nil {
		t.Fatal(err)
	}
	for key := range schemaOf(reflect.TypeFor[Config]()) {
		if _, ok := c.values[key]; !ok {
			t.Errorf("default.toml does not set %s", key)
		}
	}
	if c.SIP.Port != 5060 || c.Behavior.ToneFrequency != 440 || c.Behavior.CallTimeout() != 5*time.Minute ||
		!slices.Equal(c.Media.PreferredCodecs, []string{"PCMU", "PCMA"}) || !slices.Equal(c.SIP.Transport, []string{"udp"}) {
		t.Errorf("defaults came out wrong: %+v", c)
	}
}

// The sections and keys that configuration files in use have: they load unchanged.
func TestKnownFileLoadsUnchanged(t *testing.T) {
	c, err := load(t, `
[sip]
bind_address = "127.0.0.1"
port = 5070
domain = "pbx.example.com"
transport = "udp"
user_agent = "mine/1.0"
[behavior]
auto_answer = false
auto_answer_delay_ms = 250
tone_duration_seconds = 5
tone_frequency = 1000
call_timeout_seconds = 60
max_concurrent_calls = 10
[media]
rtp_port_range_start = 30000
rtp_port_range_end = 30100
preferred_codecs = ["PCMA"]
enable_dtmf = false
audio_sample_rate = 8000
[logging]
level = "debug"
enable_file_logging = true
enable_syslog = true
log_file_path = "/var/log/x.log"
max_log_size_mb = 1
max_log_files = 2
[health]
enable_health_check = false
health_check_port = 9090
health_check_interval_seconds = 10
restart_on_failure = false
max_restart_attempts = 1
[script.menu]
greeting = "hi.wav"
`, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if c.SIP.Domain != "pbx.example.com" || c.Behavior.ToneFrequency != 1000 || c.Media.RTPPortRangeEnd != 30100 ||
		!c.Logging.EnableSyslog || c.Health.MaxRestartAttempts != 1 {
		t.Errorf("loaded wrong: %+v", c)
	}
	if v, ok := c.Get("menu", "greeting"); !ok || v != "hi.wav" {
		t.Errorf(`Get("menu", "greeting") = %v, %v`, v, ok)
	}
	if v, ok := c.Get("menu", "tone_frequency"); !ok || v != 1000.0 {
		t.Errorf(`Get("menu", "tone_frequency") = %v, %v`, v, ok)
	}
	if v, ok := c.Get("menu", "port"); ok {
		t.Errorf("a script sees sip.port: %v", v)
	}
}

func TestLaterSourcesWin(t *testing.T) {
	c, err := load(t, "[sip]\nport = 1000\nuser_agent = \"file\"\ndomain = \"file\"\n", Options{
		Environ: []string{"OFFHOOK_SIP__PORT=2000", "OFFHOOK_SIP__DOMAIN=env", "OFFHOOK_PORT=tcp://10.0.0.1", "OFFHOOK_SIP__TRANSPORT=udp, tcp", "HOME=/"},
		Flags:   []Flag{{"--set", "sip.port", "3000"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if c.SIP.Port != 3000 || c.SIP.Domain != "env" || c.SIP.UserAgent != "file" || !slices.Equal(c.SIP.Transport, []string{"udp", "tcp"}) {
		t.Errorf("merged wrong: %+v", c.SIP)
	}
}

// Text from the environment or a flag becomes what the file has for the setting of a script; without that it stays text.
func TestSettingsOfScriptsKeepTheirType(t *testing.T) {
	file := "[script.menu]\nopen = true\ntries = 3\nlevel = 1.5\ngreeting = \"hi.wav\"\nhosts = [\"a\"]\n"
	environ := []string{
		"OFFHOOK_SCRIPT__MENU__OPEN=false", "OFFHOOK_SCRIPT__MENU__TRIES=5", "OFFHOOK_SCRIPT__MENU__LEVEL=2",
		"OFFHOOK_SCRIPT__MENU__GREETING=7", "OFFHOOK_SCRIPT__MENU__HOSTS=b, c", "OFFHOOK_SCRIPT__MENU__PIN=0123",
	}
	c, err := load(t, file, Options{Environ: environ})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"open": false, "tries": int64(5), "level": int64(2), "greeting": "7", "hosts": []any{"b", "c"}, "pin": "0123"}
	if !reflect.DeepEqual(c.Script["menu"], want) {
		t.Errorf("got %#v, want %#v", c.Script["menu"], want)
	}
	_, err = load(t, file, Options{Flags: []Flag{{"--set", "script.menu.tries", "many"}}})
	if err == nil || !strings.Contains(err.Error(), `flag --set: script.menu.tries: "many" is not a number`) {
		t.Errorf("got %v", err)
	}
}

func TestTOMLLoadsToTheSame(t *testing.T) {
	c, err := load(t, "[sip]\nport = 5070\ntransport = [\"udp\", \"tcp\"]\n[script.menu]\nwords = [1, \"x\"]\n[script.menu.deep]\nk = 1.5\n", Options{
		Flags: []Flag{{"--set", "behavior.tone_frequency", "1000"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	text, err := c.TOML()
	if err != nil {
		t.Fatal(err)
	}
	again, err := load(t, string(text), Options{})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if !reflect.DeepEqual(again.values, c.values) || !reflect.DeepEqual(again.Script, c.Script) {
		t.Errorf("came back as\n%v, want\n%v", again.values, c.values)
	}
}

func TestErrorsNameThePlaceAndTheCure(t *testing.T) {
	tests := []struct {
		name, toml string
		options    Options
		want       []string
	}{
		{"unknown key", "[sip]\n\nprot = 5\n", Options{}, []string{"offhook.toml:3: sip.prot: unknown key, did you mean sip.port?"}},
		{"limits of scripts", "[scripting]\nmax_pattern_steps = 5\nmax_nesting = 1\nmax_coroutines = 0\nmax_call_depth = 5000\n", Options{}, []string{
			":2: scripting.max_pattern_steps: 5 is too small: write 1000 or more", ":3: scripting.max_nesting: 1 is too small",
			":4: scripting.max_coroutines: 0 is too small", ":5: scripting.max_call_depth: 5000 is too large: write 4096 or less"}},
		{"what scripts reach", "[scripting]\nhttp_allow = [\"http://a/\"]\nenv_allow = [\"\"]\nhttp_timeout_seconds = 60\nhttp_max_concurrent = 0\nmetrics_max_series = -1\n", Options{}, []string{
			`:2: scripting.http_allow: "http://a/" is none: write a host as "api.example.com"`, `:3: scripting.env_allow: "" is none: write a name as "TZ"`,
			":4: scripting.http_timeout_seconds: 60 is not a time-out: write more than 0 and at most 30", "scripting.http_max_concurrent: 0 is too small",
			"scripting.metrics_max_series: -1 is too small"}},
		{"kv in Redis", "[scripting]\nkv_redis = \"http://u:secret@host\"\nkv_timeout_seconds = 0\n", Options{}, []string{
			":2: scripting.kv_redis: is not the URL of a Redis server: write one as", ":3: scripting.kv_timeout_seconds: 0 is not a time-out"}},
		{"Redis database", "", Options{Flags: []Flag{{"--set", "scripting.kv_redis", "redis://host/mine"}}}, []string{"flag --set: scripting.kv_redis: is not the URL"}},
		{"right key, wrong section", "[sip]\ntone_frequency = 5\n", Options{}, []string{":2: sip.tone_frequency: unknown key, did you mean behavior.tone_frequency?"}},
		{"unknown section", "[telephony]\nx = 1\n", Options{}, []string{":2: telephony.x: unknown key; 'offhook config' prints them all"}},
		{"wrong type", "[sip]\nport = \"5060\"\n", Options{}, []string{`:2: sip.port: "5060" is not a whole number`}},
		{"fraction", "[sip]\nport = 50.5\n", Options{}, []string{":2: sip.port: 50.5 is not a whole number"}},
		{"list of numbers", "[media]\npreferred_codecs = [1]\n", Options{}, []string{"media.preferred_codecs: 1 is not a string"}},
		{"boolean", "[media]\nenable_dtmf = \"yes\"\n", Options{}, []string{`media.enable_dtmf: "yes" is not a boolean: write true or false`}},
		{"not TOML", "[sip]\nport = = 1\n", Options{}, []string{"offhook.toml:2:8: "}},
		{"port range without a pair", "[media]\nrtp_port_range_start = 10001\nrtp_port_range_end = 10002\n", Options{},
			[]string{":3: media.rtp_port_range_end: 10001 to 10002 holds no pair of an even port and the next odd one: write 10003 or more"}},
		{"tone above half the sample rate", "[behavior]\ntone_frequency = 4000\n", Options{}, []string{":2: behavior.tone_frequency: 4000 Hz is not below half the sample rate: write less than 4000"}},
		{"no way to hear digits", "[media]\ndtmf_inband = \"yes\"\n", Options{}, []string{`media.dtmf_inband: "yes" is not a choice: write "auto", "on" or "off"`}},
		{"no SRTP mode", "[media]\nsrtp = \"on\"\n", Options{}, []string{`media.srtp: "on" is not a choice`}},
		{"session timers", "[sip]\nmin_se_seconds = 0\nsession_expires_seconds = -1\n", Options{}, []string{":2: sip.min_se_seconds: 0 is too small", ":3: sip.session_expires_seconds: -1 is too small"}},
		{"session interval below the least", "[sip]\nsession_expires_seconds = 60\n", Options{}, []string{"sip.session_expires_seconds: 60 is too small: write 90 or more"}},
		{"negative RTP timeout", "[media]\nrtp_timeout = -1\n", Options{}, []string{"media.rtp_timeout: -1 is too small"}},
		{"unknown codec", "[media]\npreferred_codecs = [\"PCMU\", \"G729\"]\n", Options{}, []string{`"G729" is not a codec we have`}},
		{"transport that is none", "[sip]\ntransport = [\"udp\", \"sctp\"]\n", Options{}, []string{`:2: sip.transport: "sctp" is not a transport: write "udp", "tcp", "tls", "ws" or "wss", or a list of them`}},
		{"environment", "", Options{Environ: []string{"OFFHOOK_SIP__PORT=lots"}}, []string{`environment OFFHOOK_SIP__PORT: sip.port: "lots" is not a whole number`}},
		{"environment, unknown", "", Options{Environ: []string{"OFFHOOK_SIP__PROT=1"}}, []string{"environment OFFHOOK_SIP__PROT: sip.prot: unknown key, did you mean sip.port?"}},
		{"flag", "", Options{Flags: []Flag{{"--set", "sip.port", "70000"}}}, []string{"flag --set: sip.port: 70000 is not a port"}},
		{"not a number", "", Options{Flags: []Flag{{"--set", "behavior.call_timeout_seconds", "NaN"}}}, []string{"behavior.call_timeout_seconds: NaN is too small"}},
		{"script setting without a table", "[script]\nmenu = 1\n", Options{}, []string{":2: script.menu: settings of a script go into a table: write [script.NAME]"}},
		{"all at once", "[sip]\nport = 70000\nbind_address = \"here\"\n", Options{}, []string{":2: sip.port: 70000", `:3: sip.bind_address: "here" is not an IP address`}},
		{"missing file", "", Options{File: "/nowhere/offhook.toml"}, []string{"read configuration: open /nowhere/offhook.toml"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := load(t, tt.toml, tt.options)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error\n%v\ndoes not say\n%s", err, want)
				}
			}
		})
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(Default)
	f.Add("[sip]\nport = \"x\"\n[script.a]\nb = {c = [1, {d = 2}]}\n")
	f.Add("a.b.c = 1\n[[route]]\n'' = ''\n")
	f.Fuzz(func(t *testing.T, toml string) {
		c, err := load(t, toml, Options{})
		if (c == nil) == (err == nil) {
			t.Fatalf("config %v, error %v", c, err)
		}
	})
}

package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"offhook/config"
)

func newConfigCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "config",
		Short:   "Print the commented default configuration",
		Example: "  offhook config > offhook.toml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprint(cmd.OutOrStdout(), config.Default)
			return failed(err)
		},
	}
}

// configFlags are the flags that say where the configuration comes from.
type configFlags struct {
	file string
	set  []string
	keys map[string]string // flag name → the key it sets
}

// addTo defines the flags. A flag of its own exists only for the keys that
// people set by hand; --set reaches all the others.
func (f *configFlags) addTo(flags *pflag.FlagSet) {
	f.addScriptsTo(flags)
	f.add(flags, "drain", "behavior.drain_timeout_seconds", "let calls go on this long after SIGTERM or SIGINT, in `seconds` (or 45s, 2m)")
	f.add(flags, "port", "sip.port", "listen for SIP on this `port`")
	f.add(flags, "health-port", "health.health_check_port", "serve /health on this `port`")
	f.add(flags, "log-level", "logging.level", "`level`: debug, info, warn or error")
	f.add(flags, "log-format", "logging.format", "`format`: text or json")
}

// addScriptsTo defines the flags of commands that read the configuration and
// the scripts, and serve nothing.
func (f *configFlags) addScriptsTo(flags *pflag.FlagSet) {
	f.addFileTo(flags)
	f.add(flags, "scripts", "scripting.dir", "take the scripts from this `folder`")
	_ = cobra.MarkFlagDirname(flags, "scripts") // for completion; the flag is there
}

// addFileTo defines the flags of all commands that read the configuration.
func (f *configFlags) addFileTo(flags *pflag.FlagSet) {
	flags.StringVarP(&f.file, "config", "c", "", "read this TOML `file` ('offhook config' prints one)")
	flags.StringArrayVar(&f.set, "set", nil, "set one configuration key, `section.key=value`; can be repeated")
	_ = cobra.MarkFlagFilename(flags, "config", "toml") // for completion; the flag is there
}

func (f *configFlags) add(flags *pflag.FlagSet, name, key, usage string) {
	flags.String(name, "", usage)
	if f.keys == nil {
		f.keys = map[string]string{}
	}
	f.keys[name] = key
}

// load merges defaults, file, environment and the flags that were given.
func (f *configFlags) load(flags *pflag.FlagSet) (*config.Config, error) {
	o := config.Options{File: f.file, Environ: os.Environ()}
	for _, pair := range f.set {
		key, value, ok := strings.Cut(pair, "=")
		if !ok {
			return nil, fmt.Errorf("flag --set: %q is not section.key=value", pair)
		}
		o.Flags = append(o.Flags, config.Flag{Name: "--set", Key: key, Value: value})
	}
	var err error
	flags.Visit(func(given *pflag.Flag) {
		key, ok := f.keys[given.Name]
		if !ok {
			return
		}
		value := given.Value.String()
		if given.Name == "drain" {
			value, err = secondsOf(value)
		}
		o.Flags = append(o.Flags, config.Flag{Name: "--" + given.Name, Key: key, Value: value})
	})
	if err != nil {
		return nil, err
	}
	return config.Load(o)
}

// secondsOf reads --drain: a number is seconds, anything else has its unit.
func secondsOf(text string) (string, error) {
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		return text, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return "", fmt.Errorf("flag --drain: %q is not a duration: write 30, 45s or 2m", text)
	}
	return strconv.FormatFloat(d.Seconds(), 'g', -1, 64), nil
}

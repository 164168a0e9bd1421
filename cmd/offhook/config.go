package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"offhook/config"
)

func newConfigCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "config",
		Short:   "Print the commented default configuration",
		Example: "  offhook config > offhook.toml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprint(cmd.OutOrStdout(), config.Default)
			return failed(err)
		},
	}
	cmd.AddCommand(newConfigGetCommand())
	return cmd
}

func newConfigGetCommand() *cobra.Command {
	o := &configFlags{}
	cmd := &cobra.Command{
		Use:     "get KEY",
		Short:   "Print the value that a key of the configuration has",
		Long:    "Print the value that a key has, of the defaults, the file, the environment and the flags. Lists have commas.",
		Example: "  offhook config get --config /etc/offhook/offhook.toml sip.port",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("config get: write one key, for example sip.port")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := o.load(cmd.Flags())
			if err != nil {
				return err
			}
			value, err := c.Value(args[0])
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), value)
			return failed(err)
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			keys := slices.DeleteFunc(config.Keys(), func(key string) bool { return !strings.HasPrefix(key, begun) })
			return keys, cobra.ShellCompDirectiveNoFileComp
		},
	}
	o.addFileTo(cmd.Flags())
	return cmd
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

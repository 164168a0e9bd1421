package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"offhook/config"
	"offhook/core/console"
	"offhook/scripting"
)

// checkOptions are the flags of offhook check.
type checkOptions struct {
	configFlags
	format string
}

var checkFormats = []string{"plain", "json", "github"}

func newCheckCommand() *cobra.Command {
	o := &checkOptions{}
	cmd := &cobra.Command{
		Use:   "check [FOLDER]",
		Short: "Check scripts and the configuration without serving",
		Long: "Check a folder of scripts as a server does before it loads them: compile, look for what is not there (verbs, options,\n" +
			"modules, handlers, globals) and for arguments that are wrong, and run the top level of each script. With --config,\n" +
			"check the configuration, its routes and the files of its certificates, too. Exit code 1 when something is found.",
		Example: "  offhook check\n  offhook check --config offhook.toml ./scripts\n  offhook check --format github ./scripts",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return errors.New("check: write one folder, for example: offhook check ./scripts")
			}
			return o.check()
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd, args)
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
	}
	o.addScriptsTo(cmd.Flags())
	cmd.Flags().StringVar(&o.format, "format", "plain", "print findings as `plain` lines, json, or github annotations")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(checkFormats, cobra.ShellCompDirectiveNoFileComp)) // the flag is there
	return cmd
}

// check refuses bad usage before anything is read.
func (o *checkOptions) check() error {
	switch o.format {
	case "plain", "json", "github":
		return nil
	}
	return fmt.Errorf("check: flag --format: %q is not a format: write %s", o.format, strings.Join(checkFormats, ", "))
}

// run checks everything and prints what was found.
func (o *checkOptions) run(cmd *cobra.Command, args []string) error {
	c, found, err := o.configuration(cmd)
	if err != nil {
		return err
	}
	if len(args) == 1 {
		c.Scripting.Dir = args[0]
	}
	if _, err := os.Stat(c.Scripting.Dir); err != nil {
		return fmt.Errorf("check: %w: write the folder of the scripts, for example: offhook check ./scripts", err)
	}
	inScripts, err := checkScripts(cmd.Context(), c)
	if err != nil {
		return failed(err)
	}
	if found == nil {
		if found, err = o.routes(c, cmd.ErrOrStderr()); err != nil {
			return err
		}
		unread, err := o.certificates(c)
		if err != nil {
			return err
		}
		found = append(found, unread...)
	}
	found = append(found, inScripts...)
	if err := o.print(cmd.OutOrStdout(), c.Scripting.Dir, found); err != nil {
		return failed(err)
	}
	if len(found) > 0 {
		return failed(errReported)
	}
	return nil
}

// configuration loads it. What is wrong in the file is found, and the default takes its place; what is wrong elsewhere is bad usage.
func (o *checkOptions) configuration(cmd *cobra.Command) (*config.Config, []*scripting.Finding, error) {
	c, err := o.load(cmd.Flags())
	if err == nil {
		return c, nil, nil
	}
	found, err := o.inFile(err)
	if err != nil {
		return nil, nil, err
	}
	c, err = config.Load(config.Options{})
	if dir, _ := cmd.Flags().GetString("scripts"); dir != "" && err == nil {
		c.Scripting.Dir = dir
	}
	return c, found, err
}

// routes finds what is wrong with the [[route]] blocks of a configuration that is good otherwise, and warns of what has no
// effect.
func (o *checkOptions) routes(c *config.Config, stderr io.Writer) ([]*scripting.Finding, error) {
	table, err := newRoutes(c)
	if err != nil {
		return o.inFile(err)
	}
	engine, err := newScripts(c, slog.New(slog.DiscardHandler), outside{})
	if err != nil {
		return nil, err
	}
	names, _, err := engine.Names()
	if err != nil {
		return nil, err
	}
	errs, warnings := checkRoutes(c, table, names)
	for _, w := range warnings {
		fmt.Fprintln(stderr, "offhook: warning:", w)
	}
	return o.inFile(joined(errs))
}

// certificates finds the first file of [tls] and the [[listener]] blocks that cannot be loaded.
func (o *checkOptions) certificates(c *config.Config) ([]*scripting.Finding, error) {
	log := slog.New(slog.DiscardHandler)
	_, err := newEndpoints(c, log)
	if err == nil {
		_, err = clientTLS(c, log)
	}
	if err == nil {
		return nil, nil
	}
	return o.inFile(errors.Join(err))
}

// inFile takes joined errors of the configuration apart. When one is not about the file, they are returned as they are.
func (o *checkOptions) inFile(err error) ([]*scripting.Finding, error) {
	all, ok := err.(interface{ Unwrap() []error })
	if !ok || o.file == "" {
		return nil, err
	}
	var found []*scripting.Finding
	for _, one := range all.Unwrap() {
		f, ok := configFinding(o.file, one)
		if !ok {
			return nil, err
		}
		found = append(found, f)
	}
	return found, nil
}

// configFinding takes an error in the file apart, which names its place as file:line:column.
func configFinding(file string, err error) (*scripting.Finding, bool) {
	wrong := (*config.Error)(nil)
	if !errors.As(err, &wrong) {
		return nil, false
	}
	place, ok := strings.CutPrefix(wrong.Place, file)
	if !ok {
		return nil, false
	}
	f := &scripting.Finding{File: file, Message: wrong.Problem}
	if wrong.Key != "" {
		f.Message = wrong.Key + ": " + wrong.Problem
	}
	parts := append(strings.Split(place, ":"), "", "")
	f.Line, _ = strconv.Atoi(parts[1]) // 0: not known
	f.Column, _ = strconv.Atoi(parts[2])
	return f, true
}

// checkScripts finds what is wrong with the scripts; files are named with their folder.
func checkScripts(ctx context.Context, c *config.Config) ([]*scripting.Finding, error) {
	engine, err := newScripts(c, slog.New(slog.DiscardHandler), outside{})
	if err != nil {
		return nil, err
	}
	err = engine.Check(ctx)
	found := scripting.Findings(nil)
	if err != nil && !errors.As(err, &found) {
		return nil, err
	}
	for _, f := range found {
		f.File = filepath.Join(c.Scripting.Dir, filepath.FromSlash(f.File))
	}
	return found, nil
}

func (o *checkOptions) print(w io.Writer, dir string, found []*scripting.Finding) error {
	switch o.format {
	case "json":
		list := []console.Finding{}
		for _, f := range found {
			list = append(list, console.Finding(*f))
		}
		return json.NewEncoder(w).Encode(map[string]any{"findings": list})
	case "github":
		for _, f := range found {
			if _, err := fmt.Fprintln(w, annotation(f)); err != nil {
				return err
			}
		}
		return nil
	}
	for _, f := range found {
		if _, err := fmt.Fprintln(w, f); err != nil {
			return err
		}
	}
	if len(found) > 0 {
		return nil
	}
	_, err := fmt.Fprintf(w, "%s: nothing found\n", dir)
	return err
}

// annotation is a finding as a workflow command of GitHub Actions, with what that escapes.
func annotation(f *scripting.Finding) string {
	value := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	place := "file=" + value.Replace(filepath.ToSlash(f.File))
	if f.Line > 0 {
		place += fmt.Sprintf(",line=%d", f.Line)
	}
	if f.Column > 0 {
		place += fmt.Sprintf(",col=%d", f.Column)
	}
	text := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(f.Message)
	return fmt.Sprintf("::error %s::%s", place, text)
}

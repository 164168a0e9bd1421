package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func newManCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "man",
		Short:   "Print the manual page",
		Long:    "Print the manual page offhook(1), which has all commands with their flags, for man(1).",
		Example: "  offhook man | man -l -\n  offhook man > /usr/local/share/man/man1/offhook.1",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			m := manual{date: time.Now()}
			if seconds, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64); err == nil {
				m.date = time.Unix(seconds, 0)
			}
			m.write(cmd.Root())
			_, err := io.WriteString(cmd.OutOrStdout(), m.text.String())
			return failed(err)
		},
	}
}

// manual is a page in the macros of man(7).
type manual struct {
	date time.Time
	text strings.Builder
}

func (m *manual) write(root *cobra.Command) {
	m.line(`.TH OFFHOOK 1 "%s" "Offhook %s" "User Commands"`, m.date.UTC().Format(time.DateOnly), roff(versionString()))
	m.section("NAME", `offhook \- `+roff("SIP server that does with each call what a Lua script says"))
	m.section("SYNOPSIS", `.B offhook`, `.RI [ command ]`, `.RI [ flags ]`)
	m.section("DESCRIPTION")
	m.paragraphs(root.Long)
	m.section("COMMANDS")
	m.commands(root)
	m.section("EXIT STATUS")
	for _, status := range [][2]string{
		{"0", "Done."}, {"1", "A call, a check or the server failed."}, {"2", "The command line or the configuration is wrong."},
		{"3", "offhook monitor has given up: it restarted the server too often."},
	} {
		m.line(".TP\n.B %s\n%s", status[0], status[1])
	}
	m.section("SIGNALS")
	for _, signal := range [][2]string{
		{"SIGTERM, SIGINT", "Drain: new calls get 503, calls in progress go on for behavior.drain_timeout_seconds. The second one ends all at once."},
		{"SIGHUP", "Load the scripts."}, {"SIGUSR1", "Open the log file anew."},
	} {
		m.line(".TP\n.B %s\n%s", signal[0], signal[1])
	}
	m.section("ENVIRONMENT")
	m.line(".TP\n.BI OFFHOOK_ SECTION __ KEY\n%s", roff("Sets a key of the configuration: OFFHOOK_SIP__PORT=5070 is sip.port. It wins over the file; flags win over it."))
	m.section("FILES")
	for _, file := range [][2]string{
		{"/etc/offhook/offhook.toml", "Configuration of the service. 'offhook config' prints one with every key, its default and what it does."},
		{"/etc/offhook/scripts", "Scripts of the service. A change is live within a second, for new calls."},
		{"/var/lib/offhook", "Recordings and whatever else the server keeps."},
		{"/var/log/offhook", "The log file, if there is one; 'journalctl -u offhook' has the log."},
		{"/run/offhook/offhook.sock", "The control socket."},
	} {
		m.line(".TP\n.I %s\n%s", roff(file[0]), roff(file[1]))
	}
}

// commands writes all commands below a command.
func (m *manual) commands(parent *cobra.Command) {
	for _, c := range parent.Commands() {
		if c.Hidden || c.Name() == "help" {
			continue
		}
		if c.Name() == "completion" { // of cobra, with a lecture for each shell
			m.line(".SS offhook completion bash|zsh|fish|powershell\nPrint what has a shell complete commands, flags, keys and generations.")
			continue
		}
		m.line(".SS %s", roff(strings.TrimSuffix(c.UseLine(), " [flags]")))
		m.paragraphs(cmp.Or(c.Long, c.Short+"."))
		c.LocalFlags().VisitAll(m.flag)
		if c.Example != "" {
			m.line(".PP\nExamples:\n.PP\n.nf\n.RS\n%s\n.RE\n.fi", roff(c.Example))
		}
		m.commands(c)
	}
}

func (m *manual) flag(f *pflag.Flag) {
	if f.Hidden || f.Name == "help" {
		return
	}
	name, usage := pflag.UnquoteUsage(f)
	text := `\fB` + roff("--"+f.Name) + `\fR`
	if f.Shorthand != "" {
		text = `\fB` + roff("-"+f.Shorthand) + `\fR, ` + text
	}
	if name != "" {
		text += ` \fI` + roff(name) + `\fR`
	}
	if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "[]" && f.DefValue != "0" && f.DefValue != "0s" {
		usage += fmt.Sprintf(" (default %s)", f.DefValue)
	}
	m.line(".TP\n%s\n%s", text, roff(usage))
}

func (m *manual) section(name string, lines ...string) {
	m.line(".SH %s", name)
	for _, l := range lines {
		m.line("%s", l)
	}
}

func (m *manual) paragraphs(text string) {
	for line := range strings.Lines(text) {
		m.line("%s", roff(strings.TrimSuffix(line, "\n")))
	}
}

func (m *manual) line(format string, args ...any) { fmt.Fprintf(&m.text, format+"\n", args...) }

// roff escapes what troff would take for its own.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "…", "...", "·", `\(md`, "–", `\(en`).Replace(text)
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, ".") || strings.HasPrefix(l, "'") {
			lines[i] = `\&` + l
		}
	}
	return strings.Join(lines, "\n")
}

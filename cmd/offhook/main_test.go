package main

import (
	"strings"
	"testing"
)

// A mistyped command is named, whatever flags come after it.
func TestMistypedCommand(t *testing.T) {
	for _, tt := range []struct {
		code int
		want string
		args []string
	}{
		{2, `unknown command "drian": did you mean drain?`, []string{"drian", "--socket", "s"}},
		{2, `unknown command "frobnicate": 'offhook help' lists them all`, []string{"frobnicate"}},
		{2, `unknown command "debgu" for "offhook log"`, []string{"log", "debgu"}},
		{0, "Have the running server take no new calls", []string{"help", "drain"}},
		{0, "bash", []string{"completion", "bash"}},
	} {
		code, out, stderr := commandLine(tt.args...)
		if code != tt.code || !strings.Contains(out+stderr, tt.want) {
			t.Errorf("%v: exit code %d, want %d and %q:\n%s%.300s", tt.args, code, tt.code, tt.want, stderr, out)
		}
	}
}

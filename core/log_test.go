package core

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
)

// TestLabels: attributes that a call's log is given later are on all lines from then on, whoever writes them.
func TestLabels(t *testing.T) {
	var out bytes.Buffer
	base := slog.New(slog.NewTextHandler(&out, nil))
	c := &Call{id: "c1"}
	c.logTo(base)
	c.log.Info("before")
	var writers sync.WaitGroup
	for range 4 {
		writers.Go(func() {
			for range 100 {
				c.log.Debug("below the level")
			}
		})
	}
	c.labels.add([]any{"script", "menu", "generation", 7})
	writers.Wait()
	c.log.Info("after")
	c.log.With("more", 1).WithGroup("g").Info("derived", "x", 2)
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	for i, want := range []string{
		"msg=before call=c1",
		"msg=after call=c1 script=menu generation=7",
		"msg=derived call=c1 script=menu generation=7 more=1 g.x=2",
	} {
		if i >= len(lines) || !strings.HasSuffix(lines[i], want) {
			t.Errorf("line %d is not %q:\n%s", i, want, &out)
		}
	}
	if len(lines) != 3 {
		t.Errorf("%d lines:\n%s", len(lines), &out)
	}
}

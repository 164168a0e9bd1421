package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/core/journal"
	"offhook/core/transaction"
	"offhook/media/measure"
)

// ladder shows the messages of one call as arrows while they come and go.
type ladder struct {
	mu       sync.Mutex
	w        io.Writer
	terminal bool // a line of progress can be overwritten
	began    time.Time
	shown    bool          // a line of progress stands there
	bye      bool          // one of ours waits for its response
	settled  chan struct{} // closed when that has come
}

func newLadder(w io.Writer) *ladder {
	l := &ladder{w: w, settled: make(chan struct{})}
	if f, ok := w.(*os.File); ok {
		info, err := f.Stat()
		l.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return l
}

// begin starts the clock of the ladder.
func (l *ladder) begin(uri string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.began = time.Now()
	fmt.Fprintf(l.w, "%10s  us %s %s\n", "seconds", strings.Repeat(" ", journal.ArrowWidth-3), strings.TrimSuffix(uri, ";"))
}

// message is the server's trace: it shows one message.
func (l *ladder) message(t transaction.Trace) {
	l.mu.Lock()
	defer l.mu.Unlock()
	name := journal.Title(t.Bytes)
	if t.Copy {
		name += " (again)"
	}
	l.clear()
	fmt.Fprintf(l.w, "%10.3f  %s\n", time.Since(l.began).Seconds(), journal.Arrow(name, t.Sent))
	l.follow(t)
}

// follow notices the response to our BYE, which comes when the call has ended already.
func (l *ladder) follow(t transaction.Trace) {
	switch m := t.Message.(type) {
	case *sip.Request:
		l.bye = l.bye || t.Sent && m.Method == sip.BYE
	case *sip.Response:
		if l.bye && !t.Sent && m.CSeq().MethodName == sip.BYE && !m.IsProvisional() {
			l.bye = false
			close(l.settled)
		}
	}
}

// settle waits for the response to our BYE, if we sent one.
func (l *ladder) settle(longest time.Duration) {
	l.mu.Lock()
	waiting := l.bye
	l.mu.Unlock()
	if !waiting {
		return
	}
	select {
	case <-l.settled:
	case <-time.After(longest):
	}
}

// progress shows what is heard on a terminal; the line is written over.
func (l *ladder) progress(r measure.Result) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.terminal {
		return
	}
	l.clear()
	heard := "silence"
	if n := len(r.Tones); n > 0 {
		heard = fmt.Sprintf("%.1f Hz at %.1f dBm0", r.Tones[n-1].Frequency, r.Tones[n-1].Level)
	}
	fmt.Fprintf(l.w, "%10.0f  hearing %s", time.Since(l.began).Seconds(), heard)
	l.shown = true
}

func (l *ladder) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.clear()
}

// clear removes the line of progress.
func (l *ladder) clear() {
	if l.shown {
		fmt.Fprint(l.w, "\r\x1b[K")
		l.shown = false
	}
}

// startLine takes the start line of a message apart; a request has no status.
func startLine(m sip.Message) (method string, status int, reason string) {
	switch m := m.(type) {
	case *sip.Request:
		return string(m.Method), 0, ""
	case *sip.Response:
		method, status, reason = "", m.StatusCode, m.Reason
		if seq := m.CSeq(); seq != nil {
			method = string(seq.MethodName)
		}
	}
	return method, status, reason
}

package scripting

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"offhook/media"
)

// fakeCall is a caller with perfect manners: it ACKs 50 ms after the 200, and what is played takes its time. It notes
// what is done to it, with the time since the INVITE.
type fakeCall struct {
	info       Info
	header     map[string][]string
	noACK      bool
	noCodec    bool
	noDTMF     bool
	status     int  // of the response to what asks the caller something; 0: 200
	leaves     bool // it hangs up right after that
	playFail   error
	answerFail error  // Answer ends the call with this error
	before     func() // runs when Answer is called, before it does anything

	begin     time.Time
	cancel    context.CancelCauseFunc
	confirmed chan struct{}

	mu       sync.Mutex
	state    State
	ending   Ending
	answered time.Time
	sink     func(Event)
	early    []Event // happened before Notify
	playing  *fakePlayback
	line     *line
	stuck    *stuckRecording // what Record returns, if not nil
	timeline []string
	served   string // the script and its generation
}

func newFakeCall() (context.Context, *fakeCall) {
	ctx, cancel := context.WithCancelCause(context.Background())
	return ctx, &fakeCall{
		info: Info{
			SIPCallID:  "abc@192.0.2.1",
			From:       Address{Name: "Alice", User: "100", Host: "example.com", URI: "sip:100@example.com", Params: map[string]string{"user": "phone"}},
			To:         Address{User: "200", Host: "192.0.2.9", Port: 5070, URI: "sip:200@192.0.2.9:5070"},
			RequestURI: Address{User: "200", Host: "192.0.2.9", Port: 5070, URI: "sip:200@192.0.2.9:5070"},
			DID:        "200", CLI: "100",
			Source: netip.MustParseAddrPort("192.0.2.1:5060"), Transport: "UDP",
		},
		header: map[string][]string{"user-agent": {"fake"}, "via": {"one", "two"}},
		begin:  time.Now(), cancel: cancel, confirmed: make(chan struct{}), state: StateIncoming,
	}
}

func (c *fakeCall) note(format string, args ...any) {
	c.timeline = append(c.timeline, fmt.Sprintf("%v ", time.Since(c.begin))+fmt.Sprintf(format, args...))
}

func (c *fakeCall) told() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.Join(c.timeline, "\n")
}

// end ends the call; c.mu is held.
func (c *fakeCall) end(e Ending) {
	if c.state == StateEnded {
		return
	}
	if c.state == StateAnswered {
		e.Duration = time.Since(c.answered)
	}
	c.state, c.ending = StateEnded, e
	if c.playing != nil {
		c.playing.finish(media.PlayClosed)
	}
	if c.line != nil {
		c.line.engine.Close()
	}
	c.cancel(errors.New(string(e.By)))
}

// hangUp is the caller's BYE or CANCEL, or the end by another hand.
func (c *fakeCall) hangUp(by By) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.note("ended by %s", by)
	c.end(Ending{By: by})
}

func (c *fakeCall) send(ev Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sink == nil {
		c.early = append(c.early, ev)
		return
	}
	c.sink(ev)
}

func (c *fakeCall) press(digits string) {
	for _, d := range digits {
		c.send(Event{Kind: EventDigit, Digit: byte(d), Duration: 100 * time.Millisecond, Via: "rfc4733"})
	}
}

func (c *fakeCall) Serving(script string, generation uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.served = fmt.Sprintf("%s %d", script, generation)
}

func (c *fakeCall) ID() string { return "c1" }

func (c *fakeCall) Info() Info { return c.info }

func (c *fakeCall) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

func (c *fakeCall) Codec() string {
	if c.State() == StateAnswered {
		return "PCMU"
	}
	return ""
}

func (c *fakeCall) Header(name string) []string { return c.header[strings.ToLower(name)] }

// do notes what is done to a call that has not ended.
func (c *fakeCall) do(next State, format string, args ...any) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state == StateEnded {
		return ErrEnded
	}
	c.note(format, args...)
	if next != "" && c.state != StateAnswered {
		c.state, c.answered = next, time.Now()
	}
	return nil
}

func (c *fakeCall) Ring(h []Header) error { return c.do(StateEarly, "ring%s", shown(h)) }

func (c *fakeCall) Progress(code int, h []Header) error {
	return c.do(StateEarly, "progress %d%s", code, shown(h))
}

func shown(headers []Header) string {
	var b strings.Builder
	for _, h := range headers {
		fmt.Fprintf(&b, " [%s: %s]", h.Name, h.Value)
	}
	return b.String()
}

func (c *fakeCall) Answer(o AnswerOptions) error {
	if c.before != nil {
		c.before()
	}
	if c.noCodec {
		return ErrNoCommonCodec
	}
	if c.answerFail != nil {
		c.hangUp("refused")
		return c.answerFail
	}
	if c.State() == StateAnswered {
		return nil
	}
	if err := c.do(StateAnswered, "answer %v%s", o.Codecs, shown(o.Headers)); err != nil {
		return err
	}
	if !c.noACK {
		time.AfterFunc(50*time.Millisecond, func() {
			close(c.confirmed)
			c.send(Event{Kind: EventAnswered})
		})
	}
	return nil
}

func (c *fakeCall) Confirmed() <-chan struct{} { return c.confirmed }

func (c *fakeCall) Reject(code int, reason string, h []Header) error {
	return c.finish(Ending{By: ByScript, Code: code, Reason: reason}, "reject %d %q%s", code, reason, shown(h))
}

func (c *fakeCall) Redirect(targets []string, code int, h []Header) error {
	return c.finish(Ending{By: ByScript, Code: code}, "redirect %d %v%s", code, targets, shown(h))
}

func (c *fakeCall) Hangup(o HangupOptions) error {
	if o.Code != 0 && c.State() != StateAnswered {
		return c.Reject(o.Code, "", o.Headers)
	}
	return c.finish(Ending{By: ByScript, Reason: o.Reason, Q850: o.Q850}, "hangup %d %q%s", o.Q850, o.Reason, shown(o.Headers))
}

func (c *fakeCall) finish(e Ending, format string, args ...any) error {
	if err := c.do("", format, args...); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.end(e)
	return nil
}

func (c *fakeCall) Play(src media.Source) (Playback, error) {
	if c.playFail != nil {
		return nil, c.playFail
	}
	clip, err := src.Clip(media.PCMU, 20*time.Millisecond)
	if err != nil {
		return nil, err
	}
	length := time.Duration(clip.Len()) * 20 * time.Millisecond
	return c.playFor(length, "play %v", length)
}

func (c *fakeCall) playFor(length time.Duration, format string, args ...any) (Playback, error) {
	if err := c.do("", format, args...); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.playing != nil {
		c.playing.finish(media.PlayInterrupted)
	}
	c.playing = &fakePlayback{call: c, began: time.Now(), done: make(chan struct{})}
	if p := c.playing; length > 0 {
		p.timer = time.AfterFunc(length, func() { c.stop(p, media.PlayDone) })
	}
	return c.playing, nil
}

// SendDTMF takes 200 ms for a digit and 500 ms for a pause.
func (c *fakeCall) SendDTMF(digits string, on, gap time.Duration) (Playback, error) {
	if c.noDTMF {
		return nil, fmt.Errorf("send DTMF: %w", media.ErrNoDTMF)
	}
	waits := time.Duration(strings.Count(digits, "w"))
	length := (time.Duration(len(digits))-waits)*200*time.Millisecond + waits*500*time.Millisecond
	return c.playFor(length, "digits %s %v %v", digits, on, gap)
}

// Hold, Transfer and SendInfo take 100 ms, 2 s and 30 ms.
func (c *fakeCall) Hold(on bool, h []Header) (Pending, error) {
	return c.ask(100*time.Millisecond, "hold %t%s", on, shown(h))
}

func (c *fakeCall) Transfer(uri string, timeout time.Duration, h []Header) (Pending, error) {
	if !strings.HasPrefix(uri, "sip:") {
		return nil, errors.New("not a URI")
	}
	return c.ask(2*time.Second, "transfer %s %v%s", uri, timeout, shown(h))
}

func (c *fakeCall) SendInfo(contentType, body string, h []Header) (Pending, error) {
	return c.ask(30*time.Millisecond, "info %s %q%s", contentType, body, shown(h))
}

func (c *fakeCall) ask(takes time.Duration, format string, args ...any) (Pending, error) {
	if err := c.do("", format, args...); err != nil {
		return nil, err
	}
	p := &fakePending{done: make(chan struct{}), code: cmp.Or(c.status, 200)}
	time.AfterFunc(takes, func() {
		close(p.done)
		if c.leaves {
			c.hangUp(ByCaller)
		}
	})
	return p, nil
}

type fakePending struct {
	done chan struct{}
	code int
}

func (p *fakePending) Done() <-chan struct{} { return p.done }
func (p *fakePending) Code() int {
	if !isClosed(p.done) {
		return 0
	}
	return p.code
}

func (c *fakeCall) stop(p *fakePlayback, status media.PlayStatus) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p.finish(status)
}

func (c *fakeCall) Impair(o media.Impairment) error {
	if err := o.Check(); err != nil {
		return err
	}
	return c.do("", "impair %+v", o)
}

func (c *fakeCall) Fault(o FaultOptions) (Fault, error) {
	body := "none"
	if o.Body != nil {
		body = *o.Body
	}
	o.Body = nil
	if o.On == "999" {
		return nil, errors.New("999 is no status")
	}
	return &fakeFault{c}, c.do("", "fault %+v body %q", o, body)
}

func (c *fakeCall) SendRaw(text string) error { return c.do("", "raw %q", text) }

type fakeFault struct{ call *fakeCall }

func (f *fakeFault) Cancel()    { _ = f.call.do("", "fault cancelled") }
func (f *fakeFault) Count() int { return 3 }

func (c *fakeCall) Stats() media.Stats {
	return media.Stats{
		Sent: media.Sent{Packets: 7, Bytes: 1120}, Received: media.Reception{Packets: 99, Bytes: 15840, Lost: 1, LossPct: 1, Jitter: 2 * time.Millisecond},
		RoundTrip: 30 * time.Millisecond, Remote: netip.MustParseAddrPort("192.0.2.1:4000"),
	}
}

func (c *fakeCall) Notify(sink func(Event)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sink = sink
	for _, ev := range c.early {
		sink(ev)
	}
}

func (c *fakeCall) Ending() Ending {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ending
}

type fakePlayback struct {
	call   *fakeCall
	began  time.Time
	timer  *time.Timer
	done   chan struct{}
	result media.PlayResult
}

// finish ends it once; the call's mu is held.
func (p *fakePlayback) finish(status media.PlayStatus) {
	if p.result.Status != "" {
		return
	}
	if p.timer != nil {
		p.timer.Stop()
	}
	p.result = media.PlayResult{Status: status, Position: time.Since(p.began)}
	p.call.note("play %s", status)
	close(p.done)
}

func (p *fakePlayback) Done() <-chan struct{} { return p.done }
func (p *fakePlayback) Stop()                 { p.call.stop(p, media.PlayStopped) }

func (p *fakePlayback) Pause()  { p.say("paused") }
func (p *fakePlayback) Resume() { p.say("resumed") }

func (p *fakePlayback) SetVolume(dB float64) { p.say(fmt.Sprintf("volume %g", dB)) }

func (p *fakePlayback) say(what string) {
	p.call.mu.Lock()
	defer p.call.mu.Unlock()
	p.call.note("play %s", what)
}

func (p *fakePlayback) Result() media.PlayResult {
	p.call.mu.Lock()
	defer p.call.mu.Unlock()
	r := p.result
	if r.Status == "" {
		r.Position = time.Since(p.began)
	}
	return r
}

// stage is one script serving one fake call in a synctest bubble.
type stage struct {
	t       *testing.T
	engine  *Engine
	call    *fakeCall
	log     *logBuffer
	outcome Outcome
	over    chan struct{}
}

// logBuffer holds log lines without their times.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *logBuffer) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
}

func files(pairs ...string) fs.FS {
	m := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return m
}

func newEngine(t testing.TB, o Options) (*Engine, *logBuffer) {
	t.Helper()
	log := &logBuffer{}
	o.Log = log.logger()
	e, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return e, log
}

// perform runs do in a bubble while script serves a call. When do returns, the call has ended or ends by itself.
func perform(t *testing.T, script string, do func(s *stage)) {
	t.Helper()
	performWith(t, Options{FS: files("default.lua", script)}, nil, do)
}

// performWith is perform with options, and with a caller who is prepared before the script starts.
func performWith(t *testing.T, o Options, prepare func(*fakeCall), do func(s *stage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		e, log := newEngine(t, o)
		e.words = nil // so that mistakes come to the call
		if _, err := e.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, c := newFakeCall()
		if prepare != nil {
			prepare(c)
		}
		s := &stage{t: t, engine: e, call: c, log: log, over: make(chan struct{})}
		go func() { // ends with the call, which is waited for
			defer close(s.over)
			s.outcome = e.Serve(ctx, "default", c)
		}()
		synctest.Wait()
		do(s)
		<-s.over
		if c.State() != StateEnded {
			t.Error("Serve returned and the call has not ended")
		}
	})
}

// wait lets time pass.
func (s *stage) wait(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// finish waits for the end of the call.
func (s *stage) finish() { <-s.over }

func (s *stage) expect(lines ...string) {
	s.t.Helper()
	if got, want := s.call.told(), strings.Join(lines, "\n"); got != want {
		s.t.Errorf("the call saw\n%s\nwant\n%s\nlog:\n%s", got, want, s.log)
	}
}

func (s *stage) expectLog(parts ...string) {
	s.t.Helper()
	for _, p := range parts {
		if !strings.Contains(s.log.String(), p) {
			s.t.Errorf("the log lacks %s:\n%s", p, s.log)
		}
	}
}

func (s *stage) expectNoLog(parts ...string) {
	s.t.Helper()
	for _, p := range parts {
		if strings.Contains(s.log.String(), p) {
			s.t.Errorf("the log has %s:\n%s", p, s.log)
		}
	}
}

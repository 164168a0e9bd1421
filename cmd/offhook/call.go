package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"offhook/core"
	"offhook/core/digest"
	"offhook/core/transport"
	"offhook/media"
)

// callOptions are the flags of offhook call.
type callOptions struct {
	uri        string
	longest    time.Duration
	ring       time.Duration
	expectTone float64
	codec      string
	record     string
	dtmf       string
	dtmfVia    string
	transport  string
	insecure   bool
	ca         string
	from       string
	user       string
	password   string
	json       bool
	verbose    bool
}

func newCallCommand() *cobra.Command {
	o := &callOptions{}
	cmd := &cobra.Command{
		Use:   "call SIP-URI",
		Short: "Call a SIP URI and say what was measured",
		Long: "Call a SIP URI, show the call as a ladder while it happens, and say what was measured: when it was answered, what was\n" +
			"heard, what was lost. Exit code 1 when the call or an expectation fails.\n" +
			"A host without a port is looked up by NAPTR and SRV; failing that it is port 5060, 5061 for tls, 80 for ws and 443 for wss.",
		Example: "  offhook call sip:test@127.0.0.1\n  offhook call --max 5s --expect-tone 440 sip:test@pbx.example.com\n  offhook call --transport tcp --dtmf 1w23# --record out.wav sip:menu@127.0.0.1:5070\n" +
			"  offhook call --ca ca.pem sips:test@pbx.example.com\n  offhook call --transport wss --insecure sip:test@127.0.0.1:5063",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("call: write one SIP-URI, for example: offhook call sip:test@127.0.0.1")
			}
			o.uri = args[0]
			return o.check()
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runCall(cmd.Context(), o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.DurationVar(&o.longest, "max", 0, "hang up this `long` after the answer, for example 5s (0: wait for the far end)")
	f.DurationVar(&o.ring, "timeout", time.Minute, "give up when nobody answers for so `long`")
	f.Float64Var(&o.expectTone, "expect-tone", 0, "fail unless a tone of this frequency, in `Hz` ± 1, was heard")
	f.StringVar(&o.codec, "codec", "", "offer only this `codec`: PCMU, PCMA, G722, L16/8000 or L16/16000 (default PCMU and PCMA)")
	f.StringVar(&o.record, "record", "", "write what is heard to this WAV `file`")
	f.StringVar(&o.dtmf, "dtmf", "", "press these `keys` after the answer; w waits 0.5 s")
	f.StringVar(&o.dtmfVia, "dtmf-via", "rfc4733", "press them by `way`: rfc4733, info or inband (as sound); the last two offer no telephone-event")
	f.StringVar(&o.transport, "transport", "", "`transport`: udp, tcp, tls, ws or wss (default: as the URI or DNS says, else udp)")
	f.BoolVar(&o.insecure, "insecure", false, "over tls and wss, take any certificate of the server")
	f.StringVar(&o.ca, "ca", "", "over tls and wss, verify the server by the authorities in this PEM `file` instead of the system's")
	f.StringVar(&o.from, "from", "", "`user` to call as (default offhook)")
	f.StringVar(&o.user, "user", "", "`name` to answer challenges with (digest authentication)")
	f.StringVar(&o.password, "password", "", "its `password`; better in the environment, as OFFHOOK_PASSWORD, where other users of the machine do not see it")
	f.BoolVar(&o.json, "json", false, "print one JSON object instead of the ladder")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "log to standard error what the call does")
	return cmd
}

// check refuses bad usage before anything is sent.
func (o *callOptions) check() error {
	if lower := strings.ToLower(o.uri); !strings.HasPrefix(lower, "sip:") && !strings.HasPrefix(lower, "sips:") {
		return fmt.Errorf("call: %q is not a SIP URI: write sip:user@host or sip:user@host:port", o.uri)
	}
	switch o.transport {
	case "":
	case "udp", "tcp", "tls", "ws", "wss":
		o.uri += ";transport=" + o.transport
	default:
		return fmt.Errorf("call: flag --transport: %q is not available: write udp, tcp, tls, ws or wss", o.transport)
	}
	if o.insecure && o.ca != "" {
		return errors.New("call: flags --insecure and --ca: write one of them")
	}
	rate := media.PCMU.SampleRate()
	if o.codec != "" {
		codec, err := media.ParseCodec(o.codec)
		if err != nil {
			return fmt.Errorf("call: flag --codec: %w", err)
		}
		rate = codec.SampleRate()
	}
	if i := strings.IndexFunc(o.dtmf, func(r rune) bool { return !strings.ContainsRune("0123456789*#ABCDw", r) }); i >= 0 {
		return fmt.Errorf("call: flag --dtmf: %q is not a key: write 0-9, *, #, A-D, or w to wait", o.dtmf[i:i+1])
	}
	if o.password == "" {
		o.password = os.Getenv("OFFHOOK_PASSWORD")
	} else if o.user == "" {
		return errors.New("call: flag --password: whose? write --user, too")
	}
	if !slices.Contains([]string{"rfc4733", "info", "inband"}, o.dtmfVia) {
		return fmt.Errorf("call: flag --dtmf-via: %q is not a way: write rfc4733, info or inband", o.dtmfVia)
	}
	if half := float64(rate) / 2; o.expectTone < 0 || o.expectTone >= half {
		return fmt.Errorf("call: flag --expect-tone: %g Hz cannot be heard at %d samples a second: write less than %g", o.expectTone, rate, half)
	}
	return nil
}

// runCall makes the call and prints what came of it.
func runCall(ctx context.Context, o *callOptions, stdout, stderr io.Writer) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	log := slog.New(slog.DiscardHandler)
	if o.verbose {
		log = slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	show := newLadder(stdout)
	if o.json {
		show = newLadder(io.Discard)
	}
	phone, err := newPhone(log, show, o)
	if err != nil {
		return failed(err)
	}
	defer phone.close()
	out, err := phone.call(ctx, o, show)
	if err != nil {
		return failed(err)
	}
	if o.json {
		err = out.writeJSON(stdout)
	} else {
		fmt.Fprintln(stdout, out.sentence())
	}
	if err != nil {
		return failed(err)
	}
	if out.Failure != "" {
		if !o.json {
			fmt.Fprintln(stderr, "offhook: call failed:", out.Failure)
		}
		return failed(errReported)
	}
	return nil
}

// phone is a user agent that only calls.
type phone struct {
	media  *media.Engine
	server *core.Server
}

// hangUp is the handler of calls that come to the phone: it takes none.
type hangUp struct{}

func (hangUp) ServeCall(context.Context, *core.Call) {}

// newPhone makes a phone that offers telephone-event or not.
func newPhone(log *slog.Logger, show *ladder, o *callOptions) (*phone, error) {
	secure := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: o.insecure}
	if o.ca != "" {
		var err error
		if secure.RootCAs, err = transport.LoadAuthorities(o.ca); err != nil {
			return nil, fmt.Errorf("flag --ca: %w", err)
		}
	}
	engine, err := media.New(media.Options{PortMin: 20002, PortMax: 29999, Shards: 1, Log: log})
	if err != nil {
		return nil, err
	}
	s := core.New(core.Options{
		Log: log, Handler: hangUp{}, Media: engine, UserAgent: "Offhook", DTMF: o.dtmfVia == "rfc4733", MaxCalls: 1, Trace: show.message,
		ClientTLS: secure, TCPAbove: 1300,
	})
	if _, err := s.Listen("udp", ":0"); err != nil {
		return nil, errors.Join(err, s.Close(), engine.Close())
	}
	return &phone{engine, s}, nil
}

func (p *phone) close() {
	_ = p.server.Close() // the call is over and told
	_ = p.media.Close()
}

// call makes one call and waits for its end.
func (p *phone) call(ctx context.Context, o *callOptions, show *ladder) (*outcome, error) {
	dial := core.DialOptions{URI: o.uri, From: o.from}
	if o.user != "" {
		dial.Account = digest.Account{User: o.user, Password: o.password}
	}
	if o.codec != "" {
		codec, err := media.ParseCodec(o.codec)
		if err != nil {
			return nil, err
		}
		dial.Codecs = []media.Codec{codec}
	}
	ear, err := newEar(o.record)
	if err != nil {
		return nil, err
	}
	show.begin(o.uri)
	began := time.Now()
	c, err := p.server.Dial(ctx, dial)
	if err != nil {
		return nil, errors.Join(err, ear.close())
	}
	if err := c.Capture(ear.hear); err != nil { // it ended at once; Ending says why
		_ = c.Hangup(core.HangupOptions{})
	}
	out := &outcome{URI: o.uri}
	ringing := time.NewTimer(o.ring)
	defer ringing.Stop()
	select {
	case <-c.Confirmed():
		out.answered(time.Since(began))
		converse(ctx, o, c, show, ear)
	case <-ringing.C:
		out.Failure = fmt.Sprintf("nobody answered within %v", o.ring)
	case <-ctx.Done():
		out.Failure = "interrupted"
	case <-c.Done():
	}
	_ = c.Hangup(core.HangupOptions{}) // CANCEL or BYE; nothing if it has ended
	select {
	case <-c.Done():
	case <-time.After(5 * time.Second): // no answer to our CANCEL
	}
	show.settle(time.Second)
	show.end()
	err = ear.close()
	out.measure(c, ear.result(), o)
	return out, err
}

// converse waits for the end of an answered call: it presses the keys and keeps
// silent, which some far ends want to hear before they speak.
func converse(ctx context.Context, o *callOptions, c *core.Call, show *ladder, ear *ear) {
	codec, _ := media.ParseCodec(c.Codec())
	ear.answer(codec)
	var longest <-chan time.Time
	if o.longest > 0 {
		longest = time.After(o.longest)
	}
	keys := time.NewTimer(0) // when to press the next keys
	defer keys.Stop()
	left := o.dtmf
	progress := time.NewTicker(time.Second)
	defer progress.Stop()
	for {
		select {
		case <-keys.C:
			left = press(c, o.dtmfVia, left, keys)
		case <-progress.C:
			show.progress(ear.result())
		case <-longest:
			return
		case <-ctx.Done():
			return
		case <-c.Done():
			return
		}
	}
}

package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/pion/rtp"

	"offhook/config"
	"offhook/core"
	"offhook/core/coretest"
	"offhook/core/journal"
	"offhook/core/transaction"
	"offhook/scripting/scripttest"
)

// world is where tests of scripts take place: the server as it serves, with its
// real state machine, and callers in memory.
type world struct {
	server   *core.Server
	network  *coretest.Network
	listener scripttest.Listener
}

// newWorlds returns what makes worlds. Their servers have the default
// configuration: a test of a script does not depend on where the server listens
// and which codecs it has today.
func newWorlds() (func(scripttest.Listener) (scripttest.World, error), error) {
	c, err := config.Load(config.Options{})
	if err != nil {
		return nil, err
	}
	o, err := serverOptions(c, slog.New(slog.DiscardHandler))
	o.MaxDelay = time.Hour // a slow machine fails no test
	return func(l scripttest.Listener) (scripttest.World, error) {
		w := &world{network: coretest.NewNetwork(), listener: l}
		o := o
		o.Handler, o.Media, o.Trace = testHandler{l}, w.network.Media(), w.trace
		w.server = core.New(o)
		return w, nil
	}, err
}

// testHandler gives calls to the test.
type testHandler struct{ scripttest.Listener }

func (h testHandler) ServeCall(ctx context.Context, c *core.Call) { h.Serve(ctx, call{c}) }

// trace tells the test of each message as it passes, so that messages and verbs
// are in the order in which they happened.
func (w *world) trace(t transaction.Trace) {
	if t.Lost {
		return
	}
	if t.Message == nil && !t.Copy { // edited
		t.Message, _ = sip.ParseMessage(t.Bytes) // nil, if that broke it
	}
	if t.Message == nil {
		return // a copy of a response, sent from its bytes
	}
	m := scripttest.Message{CallID: t.CallID, Sent: !t.Sent, Again: t.Copy, Title: journal.Title(t.Bytes)}
	m.Method, m.Status, m.Reason = startLine(t.Message)
	message := t.Message
	m.Header = func(name string) (values []string) {
		for _, h := range message.GetHeaders(name) {
			values = append(values, h.Value())
		}
		return values
	}
	w.listener.Message(m)
}

func (w *world) Call(o scripttest.CallOptions) (scripttest.Caller, error) {
	var c *coretest.Caller
	c = w.network.NewCaller(w.server, coretest.CallOptions{
		To: o.To, From: o.From, DisplayName: o.Name, Headers: headers(o.Headers), Codecs: o.Codecs, NoDTMF: o.NoDTMF, Transfer: o.Transfer,
		OnRTP: func(_ time.Time, p *rtp.Packet) {
			w.listener.Heard(c.CallID(), p.PayloadType, p.Timestamp, p.Payload)
		},
	})
	c.Invite()
	return testCaller{c}, nil
}

func (w *world) Close() error { return errors.Join(w.server.Close(), w.network.Close()) }

// testCaller makes a *coretest.Caller what tests drive.
type testCaller struct{ *coretest.Caller }

func (c testCaller) Cancel() { c.Caller.Cancel() }
func (c testCaller) Bye()    { c.Caller.Bye() }

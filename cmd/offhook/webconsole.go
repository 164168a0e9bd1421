package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"offhook/config"
	"offhook/core/console"
)

// This file makes the web console and answers the probes.

// webConsole is the console of a running server. The zero value is none.
type webConsole struct {
	tail   *console.Tail
	site   *console.Site
	server *console.Server // nil when it is on the health port
	audit  io.Closer       // nil without an audit file
}

// listenTo has the console show the log: all lines that the rules let through.
func (w *webConsole) listenTo(log *slog.Logger, c *config.Config) *slog.Logger {
	ruled, ok := log.Handler().(*ruledHandler)
	if !c.Console.Enable || !ok {
		return log
	}
	w.tail = console.NewTail(slog.LevelDebug)
	with := *ruled
	with.next = slog.NewMultiHandler(ruled.next, w.tail)
	return slog.New(&with)
}

// begin makes the console of a, unless it is switched off.
func (w *webConsole) begin(a *app) error {
	c := a.config.Console
	if !c.Enable {
		return nil
	}
	access, err := accessOf(c)
	if err != nil {
		return err
	}
	o := console.SiteOptions{
		Access: access, Journal: a.outside.journal, Scripts: controlled(a.scripts), Figures: a.figures, Hangup: a.callControl().Hangup,
		Tail: w.tail, Version: versionString(), Log: a.log,
	}
	if dir := a.config.Media.RecordingsDir; dir != "" {
		o.Recordings = recordings(dir)
	}
	if c.AuditFile != "" {
		if o.Audit, w.audit, err = console.OpenAudit(c.AuditFile); err != nil {
			return &config.Error{Place: a.config.Place("console.audit_file"), Key: "console.audit_file", Problem: err.Error()}
		}
	}
	w.site = console.NewSite(o)
	return nil
}

// recordings is the folder of that name, which may be made later. Links do not lead out of it.
type recordings string

// Open is for fs.FS.
func (dir recordings) Open(name string) (fs.File, error) {
	root, err := os.OpenRoot(string(dir))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return root.FS().Open(name)
}

// onHealthPort is what the health port answers besides /health; nil: nothing.
func (w *webConsole) onHealthPort(c *config.Config) http.Handler {
	if w.site == nil || c.Console.BindAddress != "" {
		return nil // and no interface that holds a nil
	}
	return w.site
}

// listen serves the console on an address of its own, if it has one.
func (w *webConsole) listen(c *config.Config, log *slog.Logger) error {
	address := c.Console.BindAddress
	if w.site == nil || address == "" {
		return nil
	}
	secure, err := tlsOf(c.Console)
	if err != nil {
		return err
	}
	if w.server, err = console.ListenSite(address, w.site, secure, log); err != nil {
		return portInUse(err, "--set console.bind_address=HOST:PORT")
	}
	host, _, _ := net.SplitHostPort(address)
	if ip := net.ParseIP(host); secure == nil && (ip == nil || !ip.IsLoopback()) {
		log.Warn("the console's tokens cross the network in the clear: set console.tls_cert and console.tls_key", "address", address)
	}
	return nil
}

// url is where a person on this machine finds the console; empty: there is none.
func (w *webConsole) url(a *app) string {
	on, scheme := w.server, "http"
	switch {
	case w.site == nil:
		return ""
	case on == nil && a.console == nil:
		return "" // no health port
	case on == nil:
		on = a.console
	case a.config.Console.TLSCert != "":
		scheme = "https"
	}
	host, port, _ := net.SplitHostPort(on.Addr().String())
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return scheme + "://" + net.JoinHostPort(host, port) + "/"
}

// close ends the console's streams.
func (w *webConsole) close() {
	if w.site != nil {
		w.site.Close()
	}
}

func (w *webConsole) closeAudit() error {
	if w.audit == nil {
		return nil
	}
	return w.audit.Close()
}

func accessOf(c config.Console) (console.Access, error) {
	reader, err := tokenOf("console.token_file", c.Token, c.TokenFile)
	if err != nil {
		return console.Access{}, err
	}
	operator, err := tokenOf("console.operator_token_file", c.OperatorToken, c.OperatorTokenFile)
	if err != nil {
		return console.Access{}, err
	}
	role := map[string]console.Role{"none": console.Nobody, "reader": console.Reader, "operator": console.Operator}[c.LocalRole]
	return console.Access{Local: role, Reader: reader, Operator: operator, Operators: c.Operators, Remote: c.ClientCA != ""}, nil
}

// tokenOf reads a token from its file, if it has one.
func tokenOf(key, token, file string) (string, error) {
	if file == "" {
		return token, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", &config.Error{Key: key, Problem: err.Error()}
	}
	if token = strings.TrimSpace(string(text)); len(token) < config.ShortestToken {
		return "", &config.Error{Key: key, Problem: fmt.Sprintf("%s holds fewer than %d characters", file, config.ShortestToken)}
	}
	return token, nil
}

// tlsOf is how the console speaks TLS; nil: it does not.
func tlsOf(c config.Console) (*tls.Config, error) {
	if c.TLSCert == "" {
		return nil, nil
	}
	own, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
	if err != nil {
		return nil, &config.Error{Key: "console.tls_cert", Problem: err.Error()}
	}
	t := &tls.Config{Certificates: []tls.Certificate{own}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}
	if c.ClientCA == "" {
		return t, nil
	}
	text, err := os.ReadFile(c.ClientCA)
	if err == nil {
		if t.ClientCAs = x509.NewCertPool(); !t.ClientCAs.AppendCertsFromPEM(text) {
			err = errors.New(c.ClientCA + " holds no certificate")
		}
	}
	if err != nil {
		return nil, &config.Error{Key: "console.client_ca", Problem: err.Error()}
	}
	t.ClientAuth = tls.VerifyClientCertIfGiven
	return t, nil
}

// figures are what the charts show.
func (a *app) figures() console.Figures {
	engine := a.media.Stats()
	f := console.Figures{Calls: a.calls(), Ports: engine.PortsInUse}
	for i, count := range engine.Lateness.Counts {
		late := time.Duration(0) // later than all
		if i < len(engine.Lateness.Bounds) {
			late = engine.Lateness.Bounds[i]
		}
		f.Frames = append(f.Frames, console.FrameCount{Late: late, Count: count})
	}
	f.LossPct, f.Jitter, f.MOS, f.Measured = quality(a.server.Calls(mostMeasured))
	return f
}

// fewPorts is the part of the RTP ports that has to be free.
const fewPorts = 0.05

// reasons are why no new call should come here.
func (a *app) reasons() []console.Reason {
	var all []console.Reason
	add := func(name, format string, args ...any) {
		all = append(all, console.Reason{Name: name, Detail: fmt.Sprintf(format, args...)})
	}
	calls := a.calls()
	if calls.Draining {
		add("draining", "%d calls are still in progress", calls.Active)
	}
	if most := int64(a.config.Behavior.MaxConcurrentCalls); calls.Active >= most {
		add("full", "%d calls of at most %d (behavior.max_concurrent_calls)", calls.Active, most)
	}
	if history := a.scripts.History(); len(history) > 0 && history[0].Err != nil {
		add("scripts", "what the folder holds was refused, generation %d goes on: %v", calls.Generation, history[0].Err)
	}
	ports := a.media.Stats()
	if total := ports.PortsFree + ports.PortsInUse + ports.PortsQuarantine; float64(ports.PortsFree) < fewPorts*float64(total) {
		add("ports", "%d of %d RTP port pairs are free, %d wait after a call (media.rtp_port_range)", ports.PortsFree, total, ports.PortsQuarantine)
	}
	return all
}

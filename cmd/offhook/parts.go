package main

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"offhook/config"
	"offhook/core"
	"offhook/core/console"
	"offhook/core/guard"
	"offhook/core/journal"
	"offhook/core/journal/record"
	"offhook/core/sdp"
	"offhook/core/transaction"
	"offhook/core/transport"
	"offhook/media"
	"offhook/scripting"
	"offhook/scripting/fetch"
	"offhook/scripting/kv"
	"offhook/scripting/sandbox"
	"offhook/scripts"
)

// This file turns the configuration into the options of each part.

func newScripts(c *config.Config, log *slog.Logger, out outside) (*scripting.Engine, error) {
	o := scriptOptions(c, log)
	o.Observe, o.ObserveVerbs = observer(out.journal), true
	if out.http != nil { // a nil pointer would not be a nil interface
		o.HTTP, o.Store, o.Metrics = out.http, out.store, out.metrics
	}
	if c.Scripting.TestBeforeSwap {
		o.Check = func(ctx context.Context, files fs.FS) error { return passesTests(ctx, c, files) }
	}
	return scripting.New(o)
}

// scriptOptions say how scripts run, in calls and in tests.
func scriptOptions(c *config.Config, log *slog.Logger) scripting.Options {
	return scripting.Options{
		Dir: c.Scripting.Dir, FS: scripts.FS, Sounds: soundsDir(c), SoundsFS: scripts.Sounds(), Recordings: c.Media.RecordingsDir,
		Config: c.Get, Log: log,
		ErrorCode: c.Scripting.ErrorCode,
		Limits: sandbox.Limits{
			Slice:        time.Duration(c.Scripting.SliceMs) * time.Millisecond,
			Instructions: c.Scripting.MaxInstructions,
			Memory:       c.Scripting.MaxMemoryKB << 10,
			StringLen:    c.Scripting.MaxStringKB << 10,
			PatternSteps: c.Scripting.MaxPatternSteps,
			Nesting:      c.Scripting.MaxNesting,
			Coroutines:   c.Scripting.MaxCoroutines,
			CallDepth:    c.Scripting.MaxCallDepth,
		},
		EnvAllow: c.Scripting.EnvAllow, AllowImpair: c.Scripting.AllowImpair, AllowFaults: c.Scripting.AllowFaults,
	}
}

// soundsDir is where call:play finds its files.
func soundsDir(c *config.Config) string {
	if c.Media.SoundsDir != "" {
		return c.Media.SoundsDir
	}
	return filepath.Join(c.Scripting.Dir, "sounds")
}

// outside is what scripts reach beyond their calls.
type outside struct {
	http    *fetch.Client
	store   *lazyStore
	metrics *scriptMetrics
	journal *journal.Store // what they do is noted there; nil: nowhere
}

func newOutside(c *config.Config, registry *prometheus.Registry, log *slog.Logger) outside {
	return outside{
		http: fetch.New(fetch.Options{
			Allow: c.Scripting.HTTPAllow, Timeout: c.Scripting.HTTPTimeout(), Concurrency: c.Scripting.HTTPMaxConcurrent,
			MaxBody: int64(c.Scripting.MaxStringKB) << 10,
		}),
		store: &lazyStore{
			path:  c.Scripting.KVPath,
			redis: kv.RedisOptions{URL: c.Scripting.KVRedis, Timeout: c.Scripting.KVTimeout(), Log: log},
		},
		metrics: newScriptMetrics(registry, c.Scripting.MetricsMaxSeries, c.Scripting.MetricsMaxEach),
	}
}

// close comes after the scripts have ended.
func (o outside) close() error {
	if o.http == nil {
		return nil // never made
	}
	o.http.Close()
	return o.store.Close()
}

// newJournal makes what keeps the journals of calls; nil: nothing does.
func newJournal(c config.Journal, records *record.Writer) *journal.Store {
	if c.RecentCalls == 0 && records == nil {
		return nil
	}
	o := journal.Options{Recent: c.RecentCalls, MaxBytes: int64(c.MaxBytes), Capture: c.RTPMaxBytes, Mask: transaction.Mask}
	if o.Recent == 0 {
		o.Recent = -1
	}
	if records != nil {
		o.Ended = records.Write
	}
	s := journal.NewStore(o)
	rtp, _ := journal.ParseCapturing(c.RTP) // config has checked it
	s.SetCapturing(rtp, "")
	return s
}

func newMedia(c *config.Config, log *slog.Logger) (*media.Engine, error) {
	return media.New(mediaOptions(c, log))
}

func mediaOptions(c *config.Config, log *slog.Logger) media.Options {
	return media.Options{
		PortMin: c.Media.RTPPortRangeStart, PortMax: c.Media.RTPPortRangeEnd, NoRealtime: !c.Media.RealtimePriority, Log: log,
	}
}

func newServer(c *config.Config, log *slog.Logger, engine *media.Engine, j *journal.Store, g *guard.Guard, h core.Handler, trace func(transaction.Trace)) (*core.Server, error) {
	o, err := serverOptions(c, log)
	if err != nil {
		return nil, err
	}
	o.Handler, o.Media, o.Journal, o.Guard, o.RequireTrunk, o.Trace = h, engine, j, g, c.SIP.RequireTrunk, trace
	if o.Trunks, err = trunksOf(c); err != nil { // not in tests, whose callers belong to none
		return nil, err
	}
	return core.New(o), nil
}

// serverOptions are those of the server, on the network and in tests.
func serverOptions(c *config.Config, log *slog.Logger) (core.Options, error) {
	codecs, err := codecsOf("media.preferred_codecs", c.Media.PreferredCodecs)
	if err != nil {
		return core.Options{}, err
	}
	client, err := clientTLS(c, log)
	if err != nil {
		return core.Options{}, err
	}
	return core.Options{
		CallRate: c.Defence.CallsPerSecond, MaxDelay: c.Defence.MaxDelay(),
		Tables: transaction.Limits{Server: c.Defence.MaxTransactions},
		Log:    log, UserAgent: c.SIP.UserAgent, Domain: c.SIP.Domain,
		Codecs: codecs, DTMF: c.Media.EnableDTMF, MediaSilent: c.Media.Silent(), NoLatch: !c.Media.SymmetricRTP,
		Inband:   map[string]media.Inband{"auto": media.InbandAuto, "on": media.InbandOn, "off": media.InbandOff}[c.Media.DTMFInband],
		SRTP:     map[string]sdp.SRTP{"off": sdp.SRTPOff, "optional": sdp.SRTPOptional, "required": sdp.SRTPRequired}[c.Media.SRTP],
		MaxCalls: c.Behavior.MaxConcurrentCalls, CallTimeout: c.Behavior.CallTimeout(),
		SessionExpires: c.SIP.SessionExpires(), MinSession: c.SIP.MinSession(), Reliable: c.SIP.ReliableProvisionals, AcceptRefer: c.SIP.AcceptRefer,
		ClientTLS: client, TCPAbove: c.SIP.TCPAbove,
		Limits: transport.Limits{
			Message: c.Defence.MaxMessageBytes, Header: c.Defence.MaxHeaderBytes, HeaderFields: c.Defence.MaxHeaders,
			Connections: c.SIP.MaxConnections, ConnectionsPerIP: c.SIP.MaxConnectionsPerIP, Idle: c.SIP.ConnectionIdle(),
		},
		Timers: transaction.Timers{T1: time.Duration(c.SIP.T1Ms) * time.Millisecond, T2: time.Duration(c.SIP.T2Ms) * time.Millisecond},
	}, nil
}

func codecsOf(key string, names []string) ([]media.Codec, error) {
	var codecs []media.Codec
	for _, name := range names {
		codec, err := media.ParseCodec(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		codecs = append(codecs, codec)
	}
	return codecs, nil
}

// calls are the figures of the server for /health and the statistics line.
func (a *app) calls() console.Calls {
	s := a.server.Stats()
	return console.Calls{
		Active: s.Active, Total: s.Total, Answered: s.Answered, Failed: s.Failed, Draining: s.Draining,
		Generation: int64(a.scripts.Generation().Number),
	}
}

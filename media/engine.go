package media

import (
	"errors"
	"log/slog"
	"net/netip"
	"time"
)

var (
	// ErrNoPort says that no even/odd pair of the port range is free.
	ErrNoPort = errors.New("no RTP port left")
	// ErrClosed says that the engine or the session is closed.
	ErrClosed = errors.New("closed")
	// ErrNotConfigured says that Session.Configure was not called yet.
	ErrNotConfigured = errors.New("session is not configured")
	// ErrNoDTMF says that no payload type for telephone-event was agreed.
	ErrNoDTMF = errors.New("telephone-event not agreed")
)

// Options configure an Engine; the zero value is the documented default.
type Options struct {
	// PortMin and PortMax bound the ports of sessions, both included; both zero: 10000 to 20000.
	PortMin, PortMax int
	// Quarantine is how long a freed pair stays unused, so that late packets of an ended call do not reach the
	// next one; 0 = 2 s, negative = none.
	Quarantine time.Duration
	// Shards is the number of pacing threads; 0 = one per CPU.
	Shards int
	// Log is told of what concerns the engine as a whole, not single sessions; nil = nowhere.
	Log *slog.Logger
}

// Engine opens RTP sessions and paces all that they send.
type Engine struct{}

// New starts an engine with sockets and pacing threads.
func New(o Options) (*Engine, error) { panic("media: not yet") }

// NewVirtual makes an engine without sockets and threads: sessions are paced by ordinary timers, so that they run in a
// testing/synctest bubble, and what they send goes to deliver (packet is only valid during the call). Inject brings packets in.
func NewVirtual(deliver func(from, to netip.AddrPort, packet []byte)) *Engine {
	panic("media: not yet")
}

// Inject hands packet to the virtual session that has the RTP or RTCP address local, as if it came from from; it reports whether there is one.
func (e *Engine) Inject(local, from netip.AddrPort, packet []byte) bool { panic("media: not yet") }

// Open binds an even port and the next odd one. Errors wrap ErrNoPort, ErrClosed or the system's refusal.
func (e *Engine) Open(o SessionOptions) (*Session, error) { panic("media: not yet") }

// Stats tells how the engine does.
func (e *Engine) Stats() EngineStats { panic("media: not yet") }

// Close closes all sessions, ends the pacing threads and waits for them.
func (e *Engine) Close() error { panic("media: not yet") }

// EngineStats tells how an engine does.
type EngineStats struct {
	Sessions        int // open now
	PortsInUse      int // pairs of open sessions
	PortsQuarantine int // pairs that wait
	PortsFree       int // pairs that can be had
	Lateness        Lateness
}

// Lateness is a histogram of how late packets were handed to the kernel, against their deadlines.
type Lateness struct {
	Bounds []time.Duration // upper bounds
	Counts []uint64        // one more than Bounds: the last counts what was later than all of them
}

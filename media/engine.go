package media

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"sync"
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

const (
	defaultPortMin    = 10000
	defaultPortMax    = 20000
	defaultQuarantine = 2 * time.Second
	maxShards         = 8
	shardShare        = 400 // sessions, about a tenth of a CPU
)

// Options configure an Engine; the zero value is the documented default.
type Options struct {
	// PortMin and PortMax bound the ports of sessions, both included; both zero: 10000 to 20000.
	PortMin, PortMax int
	// Quarantine is how long a freed pair stays unused, so that late packets of an ended call do not reach the
	// next one; 0 = 2 s, negative = none.
	Quarantine time.Duration
	// Shards is the number of pacing threads, and of goroutines that work for them; 0 = one per CPU that Go uses, up to 8. One paces some 2,000 sessions.
	Shards int
	// NoRealtime keeps the pacing threads from real-time priority, which they take where the process may.
	NoRealtime bool
	// Log is told of what concerns the engine as a whole, not single sessions; nil = nowhere.
	Log *slog.Logger
}

// Engine opens RTP sessions and paces all that they send.
type Engine struct {
	ports   *portPool
	shards  []*shard
	virtual *virtual // instead of shards
	running sync.WaitGroup
	spare   sync.Pool // of *work, for the calls that serve a session outside its driver
	crew    *crew     // writes recordings and measures
	create  func(dir, name string) (file, error)

	mu       sync.Mutex
	sessions map[uint16]*Session // by RTP port
	closed   bool
}

// New makes an engine of Options.Shards shards. Each starts with its first session and is ended by Close.
func New(o Options) (*Engine, error) {
	if o.PortMin == 0 && o.PortMax == 0 {
		o.PortMin, o.PortMax = defaultPortMin, defaultPortMax
	}
	if o.Quarantine == 0 {
		o.Quarantine = defaultQuarantine
	}
	if o.Shards <= 0 {
		o.Shards = min(maxShards, runtime.GOMAXPROCS(0))
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	e, err := newEngine(o)
	if err != nil {
		return nil, err
	}
	e.ports.keep = keptPairs()
	for i := range o.Shards {
		// Staggered, so that the shards do not wake for their slots at the same moment.
		clock, err := newMonotonic(time.Duration(i) * wheelSlot / time.Duration(o.Shards))
		if err != nil {
			return nil, err
		}
		e.shards = append(e.shards, newShard(clock, o, &e.running))
	}
	return e, nil
}

func newEngine(o Options) (*Engine, error) {
	ports, err := newPortPool(o.PortMin, o.PortMax, o.Quarantine)
	if err != nil {
		return nil, err
	}
	e := &Engine{ports: ports, sessions: make(map[uint16]*Session), crew: newCrew(), create: createFile}
	e.spare.New = func() any { return newWork() }
	return e, nil
}

// Open binds an even port and the next odd one. Errors wrap ErrNoPort, ErrClosed or the system's refusal.
func (e *Engine) Open(o SessionOptions) (*Session, error) {
	if !o.Local.IsValid() {
		o.Local = netip.IPv4Unspecified()
	}
	o.Local = o.Local.Unmap()
	if o.CNAME == "" {
		o.CNAME = randomCNAME()
	}
	o.CNAME = o.CNAME[:min(len(o.CNAME), maxCNAME)]
	p, err := e.bind(o.Local)
	if err != nil {
		return nil, fmt.Errorf("open RTP session: %w", err)
	}
	s := &Session{engine: e, driver: e.driver(), wire: p.wire, local: netip.AddrPortFrom(o.Local, p.port), options: o}
	now := s.driver.now()
	s.sender, s.heard = newSender(now), now
	s.nextDrain, s.nextRTCP = now.add(drainPeriod), now.add(rtcpPeriod)
	s.receiver.clockRate = defaultClockRate
	s.reporter.cname = o.CNAME

	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		e.ports.put(p, time.Now())
		return nil, fmt.Errorf("open RTP session: %w", ErrClosed)
	}
	e.sessions[p.port] = s
	s.driver.add(s)
	return s, nil
}

// bind takes a pair that nobody uses, passing over those that other programs hold.
func (e *Engine) bind(ip netip.Addr) (portPair, error) {
	for tried := 0; ; tried++ {
		p, err := e.ports.take(time.Now())
		if err != nil {
			if tried > 0 {
				err = fmt.Errorf("%w, %d held by other programs", err, tried)
			}
			return portPair{}, err
		}
		if p.wire != nil {
			if p.wire = e.renew(p.wire, ip); p.wire != nil {
				return p, nil
			}
		}
		if p.wire, err = e.openWire(ip, p.port); err == nil {
			return p, nil
		}
		e.ports.put(portPair{port: p.port}, time.Now())
		if !errors.Is(err, errPortTaken) || tried == maxTaken {
			return portPair{}, err
		}
	}
}

// renew makes the sockets of an earlier session good for one at ip; it is nil when it had to close them.
func (e *Engine) renew(w wire, ip netip.Addr) wire {
	work := e.takeWork()
	defer e.putWork(work)
	if earlier, ok := w.(*socketPair); ok {
		if p := earlier.renew(ip, work.inbox); p != nil {
			return p
		}
	}
	w.close()
	return nil
}

// maxTaken bounds the pairs of other programs that Open passes over.
const maxTaken = 100

func (e *Engine) openWire(ip netip.Addr, port uint16) (wire, error) {
	if e.virtual != nil {
		return e.virtual.open(netip.AddrPortFrom(ip, port)), nil
	}
	return openPair(ip, port)
}

// driver chooses a shard: the first ones as long as they have little to do, so that few sessions wake few threads; then
// the one with the fewest sessions.
func (e *Engine) driver() driver {
	if e.virtual != nil {
		return e.virtual
	}
	best := e.shards[0]
	for _, sh := range e.shards {
		n := sh.sessions.Load()
		if n < shardShare {
			return sh
		}
		if n < best.sessions.Load() {
			best = sh
		}
	}
	return best
}

// forget returns the ports and sockets of a closed session.
func (e *Engine) forget(s *Session) {
	e.mu.Lock()
	delete(e.sessions, s.local.Port())
	e.mu.Unlock()
	e.ports.put(portPair{s.local.Port(), s.wire}, time.Now())
}

func (e *Engine) takeWork() *work { return e.spare.Get().(*work) }
func (e *Engine) putWork(w *work) { e.spare.Put(w) }

// Close closes all sessions, ends the pacing threads, finishes the recordings and waits for all that. Further calls do nothing.
func (e *Engine) Close() error {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		e.running.Wait()
		e.crew.running.Wait()
		return nil
	}
	e.closed = true
	open := make([]*Session, 0, len(e.sessions))
	for _, s := range e.sessions {
		open = append(open, s)
	}
	e.mu.Unlock()
	for _, s := range open {
		s.Close()
	}
	e.ports.close()
	for _, sh := range e.shards {
		if sh.started {
			sh.stop()
		}
	}
	e.running.Wait()
	e.crew.close()
	return nil
}

// randomCNAME is a short-term persistent CNAME of 96 random bits (RFC 7022 §4.2).
func randomCNAME() string {
	b := binary.BigEndian.AppendUint64(nil, rand.Uint64())
	b = binary.BigEndian.AppendUint32(b, rand.Uint32())
	return base64.StdEncoding.EncodeToString(b)
}

package media

import (
	"bytes"
	"net/netip"
	"sync"
	"time"
)

// virtual is the driver of an engine without sockets and threads: each session has one ordinary timer. All goroutines are
// those of timers that fired; none is left once the sessions are closed.
type virtual struct {
	start   time.Time
	deliver func(from, to netip.AddrPort, packet []byte)
}

// NewVirtual makes an engine without sockets and threads: sessions are paced by ordinary timers, so that they run in a
// testing/synctest bubble, and what they send goes to deliver. That may be called by several goroutines at once, and may call
// Inject; packet is only valid during the call. Ports come from 10000 to 20000.
func NewVirtual(deliver func(from, to netip.AddrPort, packet []byte)) *Engine {
	e, err := newEngine(Options{PortMin: defaultPortMin, PortMax: defaultPortMax, Quarantine: defaultQuarantine})
	if err != nil {
		panic(err) // the default range has pairs
	}
	e.virtual = &virtual{start: time.Now(), deliver: deliver}
	return e
}

// Inject hands packet, as if it came from from, to the session of a virtual engine that has the RTP or RTCP address local.
// It reports whether there is one.
func (e *Engine) Inject(local, from netip.AddrPort, packet []byte) bool {
	if e.virtual == nil {
		return false
	}
	from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
	e.mu.Lock()
	s := e.sessions[local.Port()&^1]
	e.mu.Unlock()
	if s == nil || s.local.Addr() != local.Addr().Unmap() {
		return false
	}
	w := e.takeWork()
	defer e.putWork(w)
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return false
	}
	if s.secure != nil {
		packet = bytes.Clone(packet) // it is decrypted in place
	}
	arrival := time.Now().UnixNano()
	if local.Port()%2 == 0 {
		s.takeRTP(packet, from, arrival, s.driver.now(), w)
	} else {
		s.takeRTCP(packet, from, arrival)
	}
	if s.playback == nil && s.configured {
		s.driver.kick(s) // a press may have begun that must expire
	}
	s.mu.Unlock()
	w.deliver(s)
	return true
}

func (v *virtual) now() instant { return instant(time.Since(v.start)) }

func (v *virtual) open(local netip.AddrPort) wire {
	return &virtualWire{deliver: v.deliver, local: local}
}

// add makes the session's timer, which stands still until Configure.
func (v *virtual) add(s *Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.timer = time.AfterFunc(time.Hour, func() { v.fire(s) })
	s.timer.Stop()
}

func (v *virtual) kick(s *Session) {
	s.deadline = v.now()
	s.timer.Reset(0)
}

func (v *virtual) remove(s *Session) { s.timer.Stop() }

// fire serves s and sets the timer to its next deadline.
func (v *virtual) fire(s *Session) {
	w := s.engine.takeWork()
	defer s.engine.putWork(w)
	s.mu.Lock()
	alive := !s.closed
	if now := v.now(); alive && now >= s.deadline {
		s.serve(now, w)
		if s.playback == nil {
			s.deadline = s.nextDuty()
		}
	}
	if alive {
		s.timer.Reset(s.deadline.sub(v.now()))
	}
	s.mu.Unlock()
	w.deliver(s)
}

// nextDuty is when a session that plays nothing has something to do, so that an idle call does not slow down a virtual clock.
func (s *Session) nextDuty() instant {
	next := s.nextReport
	if s.options.Timeout > 0 && s.params.expectsSound() && !s.silent {
		next = min(next, s.heard.add(s.options.Timeout))
	}
	if s.hearing != nil {
		next = min(next, s.hearing.next)
	}
	if q := s.impaired; q != nil && len(q.held) > 0 {
		next = min(next, q.held[0].at)
	}
	if s.keyUntil != 0 {
		next = min(next, s.driver.now().add(defaultPtime))
	}
	return next
}

// virtualWire is the wire of a virtual session. What is sent waits until the session's lock is open: deliver may lead
// back to this session, or to one whose own packets come here.
type virtualWire struct {
	deliver func(from, to netip.AddrPort, packet []byte)
	local   netip.AddrPort

	mu        sync.Mutex
	rtp, rtcp netip.AddrPort // destinations
	kept      []datagram
}

type datagram struct {
	from, to netip.AddrPort
	packet   []byte
}

func (w *virtualWire) direct(rtp, rtcp netip.AddrPort) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rtp, w.rtcp = rtp, rtcp
}

func (w *virtualWire) sendRTP(b []byte, _ instant) error { return w.keep(w.local, w.rtp, b) }

func (w *virtualWire) sendRTCP(b []byte) error {
	return w.keep(netip.AddrPortFrom(w.local.Addr(), w.local.Port()+1), w.rtcp, b)
}

func (w *virtualWire) keep(from, to netip.AddrPort, b []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(w.kept)
	if n == cap(w.kept) {
		w.kept = append(w.kept, datagram{})
	}
	w.kept = w.kept[:n+1]
	d := &w.kept[n] // with the room of an earlier packet, perhaps
	d.from, d.to, d.packet = from, to, append(d.packet[:0], b...)
	return nil
}

func (w *virtualWire) flush() {
	w.mu.Lock()
	kept := w.kept
	w.kept = nil
	w.mu.Unlock()
	for _, d := range kept {
		w.deliver(d.from, d.to, d.packet)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.kept == nil {
		w.kept = kept[:0]
	}
}

// receiveRTP and receiveRTCP find nothing: Inject hands packets to the session itself.
func (w *virtualWire) receiveRTP(*inbox) int  { return 0 }
func (w *virtualWire) receiveRTCP(*inbox) int { return 0 }

func (w *virtualWire) refused() uint64 { return 0 }
func (w *virtualWire) recall() uint64  { return 0 }
func (w *virtualWire) close()          {}

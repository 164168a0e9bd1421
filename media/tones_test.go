package media

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// told keeps the tones that a session tells of.
type told struct {
	mu    sync.Mutex
	tones []Event
}

func (n *told) event(e Event) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if e.Kind == EventTone {
		n.tones = append(n.tones, e)
	}
}

// take returns the tones since it was called last, as "440Hz -10dBm0, …"; within 2 Hz, which G.722 needs after a silence.
func (n *told) take() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	var all []string
	for _, e := range n.tones {
		text := fmt.Sprintf("%.0fHz %.0fdBm0", 5*math.Round(e.Frequency/5), e.Level)
		if e.Duration < 100*time.Millisecond || e.Duration > 160*time.Millisecond {
			text += " " + e.Duration.String()
		}
		all = append(all, text)
	}
	n.tones = nil
	return strings.Join(all, ", ")
}

// tonesOver makes a session that sends and one that notes the tones it hears, once it is told to.
func tonesOver(t *testing.T) (n *network, from, to *Session, heard *told) {
	t.Helper()
	n = &network{delay: 10 * time.Millisecond, random: rand.New(rand.NewPCG(3, 4))}
	n.engine = NewVirtual(n.deliver)
	t.Cleanup(func() { n.engine.Close() })
	heard = &told{}
	local := netip.MustParseAddr("192.0.2.1")
	from = open(t, n.engine, SessionOptions{Local: local})
	to = open(t, n.engine, SessionOptions{Local: local, Event: heard.event})
	return n, from, to, heard
}

// hum plays a tone and a pause after it.
func hum(t *testing.T, s *Session, hz, dBm0 float64, d time.Duration) {
	t.Helper()
	<-begin(t, s, Tone(ToneOptions{Frequencies: []float64{hz}, Level: dBm0, Duration: d})).Done()
	time.Sleep(time.Second)
}

// TestTonesInEveryCodec: each tone is told once, while it sounds.
func TestTonesInEveryCodec(t *testing.T) {
	for _, codec := range Codecs() {
		t.Run(codec.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, from, to, heard := tonesOver(t)
				to.TellTones() // before there is an agreement
				agree(from, to, codec, 101)
				p := begin(t, from, Tone(ToneOptions{Frequencies: []float64{440}, Level: -10, Duration: 10 * time.Second}))
				time.Sleep(500 * time.Millisecond)
				if got := heard.take(); got != "440Hz -10dBm0" {
					t.Errorf("after 500 ms told %q", got)
				}
				<-p.Done()
				time.Sleep(time.Second)
				hum(t, from, 1800, -15, 300*time.Millisecond)
				if got := heard.take(); got != "1800Hz -15dBm0" {
					t.Errorf("then told %q", got)
				}
				dial(t, from, "1234567890*#ABCD")
				hum(t, from, 1005, -10, 60*time.Millisecond)
				if got := heard.take(); got != "" {
					t.Errorf("of keys and a beep told %q", got)
				}
			})
		})
	}
}

// TestTonesThroughReINVITE: they are told in each codec, and while this side is on hold.
func TestTonesThroughReINVITE(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, from, to, heard := tonesOver(t)
		agree(from, to, PCMU, 101)
		hum(t, from, 440, -10, time.Second)
		if got := heard.take(); got != "" {
			t.Errorf("told %q, and nobody asked", got)
		}
		to.TellTones()
		for i, codec := range []Codec{PCMU, G722, G722, PCMA, L16Wideband} {
			agree(from, to, codec, 101)
			if i == 2 {
				p := to.params
				p.Send = false
				to.Configure(p)
			}
			hz := float64(500 + 100*i)
			hum(t, from, hz, -10, time.Second)
			if got, want := heard.take(), fmt.Sprintf("%.0fHz -10dBm0", hz); got != want {
				t.Errorf("%v: told %q, want %q", codec, got, want)
			}
		}
		to.Close()
		if to.spotter != nil || to.hearing != nil {
			t.Error("a session that is closed listens")
		}
	})
}

// TestTonesOverABadNetwork: what is concealed where packets are missing is no tone, and a tone with gaps is not told for each.
func TestTonesOverABadNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, from, to, heard := tonesOver(t)
		n.loss, n.jitter = 0.02, 15*time.Millisecond
		to.TellTones()
		agree(from, to, PCMU, 0)
		<-begin(t, from, babble(1000)).Done()
		if got := heard.take(); got != "" {
			t.Errorf("of noise told %q", got)
		}
		hum(t, from, 1005, -10, 10*time.Second)
		heard.mu.Lock()
		defer heard.mu.Unlock()
		if len(heard.tones) < 1 || len(heard.tones) > 2 || math.Abs(heard.tones[0].Frequency-1005) > 1 {
			t.Errorf("told %+v", heard.tones)
		}
	})
}

// TestNobodyLooksForTones: a session that need not tell has nothing that could, nor one whose far end is silent.
func TestNobodyLooksForTones(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, from, to, _ := tonesOver(t)
		agree(from, to, PCMU, 101)
		hum(t, from, 440, -10, time.Second)
		if to.hearing != nil || to.spotter != nil {
			t.Error("a session listens though nobody asked")
		}
		to.TellTones()
		time.Sleep(time.Second)
		if to.hearing != nil || to.spotter != nil {
			t.Error("a session listens to a far end that is silent")
		}
	})
}

// TestTonesWhenTheCrewIsStuck: the sound is left out that nobody has looked at for 12 s, and tones are told again after it.
func TestTonesWhenTheCrewIsStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, from, to, heard := tonesOver(t)
		to.TellTones()
		agree(from, to, PCMU, 101)
		stuck := make(chan struct{})
		for range crewSize {
			n.engine.crew.tape(stuckWorker{stuck}, shortestRun).end()
		}
		hum(t, from, 440, -10, 30*time.Second)
		if got := heard.take(); got != "" {
			t.Errorf("told %q", got)
		}
		close(stuck)
		time.Sleep(time.Second)
		heard.take()
		hum(t, from, 1005, -10, time.Second)
		if got := heard.take(); got != "1005Hz -10dBm0" {
			t.Errorf("then told %q", got)
		}
	})
}

// stuckWorker keeps a goroutine of the crew.
type stuckWorker struct{ stuck <-chan struct{} }

func (stuckWorker) work([]int16) error { return nil }
func (w stuckWorker) finish(error)     { <-w.stuck }

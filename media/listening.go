package media

import (
	"fmt"
	"sync/atomic"
	"time"

	"offhook/media/detect"
	"offhook/media/measure"
)

// Sought is what Session.Listen listens for: ForTone, ForSilence, ForSpeech, ForAll or ForProbe.
type Sought interface {
	// listener makes the sink that does so.
	listener(l *Listening, scale detect.Scale, e *Engine) sink
}

// Heard is what came of listening.
type Heard struct {
	Found     bool           // what was sought was heard; ForAll: all of it was
	At        time.Duration  // ForTone: when the tone began, since listening began
	Duration  time.Duration  // how long was listened; ForTone: how long the tone has lasted
	Frequency float64        // ForTone: Hz of its first frequency, as measured
	Level     float64        // ForTone: dBm0 of its weakest frequency
	Measured  measure.Result // ForAll
	RoundTrip time.Duration  // ForProbe
}

// Listening is one who listens to what a session hears.
type Listening struct {
	session *Session
	done    chan struct{}
	ended   bool  // guarded by session.mu
	heard   Heard // set before done is closed
}

// Listen begins to listen; errors are ErrNotConfigured and ErrClosed.
func (s *Session) Listen(what Sought) (*Listening, error) {
	p, err := s.parameters()
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	l := &Listening{session: s, done: make(chan struct{})}
	k := what.listener(l, scaleOf(p.Codec), s.engine)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		k.hangUp()
		return nil, fmt.Errorf("listen: %w", ErrClosed)
	}
	s.listen(k)
	return l, nil
}

// Done is closed when what was sought was heard, or listening ended.
func (l *Listening) Done() <-chan struct{} { return l.done }

// Stop ends listening before the next samples. Once it has ended, Stop does nothing.
func (l *Listening) Stop() {
	l.session.mu.Lock()
	defer l.session.mu.Unlock()
	l.ended = true
}

// Result is what was heard, once Done is closed.
func (l *Listening) Result() Heard {
	<-l.done
	return l.heard
}

// ForTone seeks a tone: all frequencies at once, each within 8 Hz and not softer than a level in dBm0, for at least min.
func ForTone(frequencies []float64, min time.Duration, level float64) Sought {
	return toneSought{detect.ToneOptions{Frequencies: frequencies, Min: min, Level: level}}
}

type toneSought struct{ detect.ToneOptions }

func (o toneSought) listener(l *Listening, scale detect.Scale, _ *Engine) sink {
	d := detect.NewTone(scale, o.ToneOptions)
	return &watch{listening: l, scale: scale, look: d.Write, tell: func(h *Heard) {
		h.At, h.Duration, h.Frequency, h.Level = d.Began(), d.Lasted(), d.Frequency(), d.Level()
	}}
}

// ForSilence seeks a time of nothing above a threshold in dBm0.
func ForSilence(length time.Duration, threshold float64) Sought {
	return activitySought{length, threshold, (*detect.Activity).Quiet}
}

// ForSpeech seeks so much sound above a threshold in dBm0, with pauses of up to 300 ms in it.
func ForSpeech(length time.Duration, threshold float64) Sought {
	return activitySought{length, threshold, (*detect.Activity).Sounding}
}

type activitySought struct {
	length    time.Duration
	threshold float64
	measure   func(*detect.Activity) time.Duration
}

func (o activitySought) listener(l *Listening, scale detect.Scale, _ *Engine) sink {
	a := detect.NewActivity(scale, o.threshold)
	return &watch{listening: l, scale: scale, look: func(samples []int16) bool {
		a.Write(samples)
		return o.measure(a) >= o.length
	}}
}

// watch is a detector that is quick enough for the pacing thread.
type watch struct {
	listening *Listening
	scale     detect.Scale
	taken     int64
	look      func(samples []int16) (found bool)
	tell      func(*Heard) // nil = there is no more to tell
}

func (w *watch) take(heard, _ []int16) bool {
	l := w.listening
	if !l.ended {
		w.taken += int64(len(heard))
		l.heard.Found = w.look(heard)
	}
	if !l.ended && !l.heard.Found {
		return true
	}
	w.hangUp()
	return false
}

func (w *watch) hangUp() {
	l := w.listening
	l.ended = true
	l.heard.Duration = time.Duration(w.taken) * time.Second / time.Duration(w.scale.Rate)
	if l.heard.Found && w.tell != nil {
		w.tell(&l.heard)
	}
	close(l.done)
}

// ForAll measures all that is heard for a while; 0 = until Stop. It is silent below a threshold in dBm0.
func ForAll(length time.Duration, threshold float64) Sought { return allSought{length, threshold} }

type allSought struct {
	length    time.Duration
	threshold float64
}

func (o allSought) listener(l *Listening, scale detect.Scale, e *Engine) sink {
	m := &gauge{
		study: study{listening: l, most: int64(o.length) * int64(scale.Rate) / int64(time.Second), found: new(atomic.Bool)},
		meter: measure.New(measure.Options{SampleRate: scale.Rate, Milliwatt: scale.Milliwatt, Silence: o.threshold}),
	}
	m.tape = e.crew.tape(m, scale.Rate/2)
	return m
}

// study is a sink whose samples the crew looks at.
type study struct {
	listening *Listening
	tape      *tape
	most      int64 // samples; 0 = no limit
	taken     int64
	found     *atomic.Bool // by the crew
	ending    bool
}

// put hands samples on; false: it is over.
func (s *study) put(heard, said []int16) bool {
	if s.most > 0 {
		heard = heard[:min(int64(len(heard)), s.most-s.taken)]
	}
	s.taken += int64(len(heard))
	if !s.listening.ended && !s.found.Load() && s.tape.write(heard, said) && (s.most == 0 || s.taken < s.most) {
		return true
	}
	s.hangUp()
	return false
}

func (s *study) hangUp() {
	s.listening.ended = true
	if !s.ending {
		s.ending = true
		s.tape.end()
	}
}

// gauge measures with a measure.Meter, which is too slow for the pacing thread.
type gauge struct {
	study
	meter *measure.Meter
}

func (g *gauge) take(heard, _ []int16) bool { return g.put(heard, nil) }

func (g *gauge) work(samples []int16) error {
	g.meter.Write(samples)
	return nil
}

func (g *gauge) finish(error) {
	h := &g.listening.heard
	h.Measured = g.meter.Result()
	h.Duration, h.Found = h.Measured.Duration, g.most > 0 && g.taken >= g.most
	close(g.listening.done)
}

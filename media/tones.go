package media

import "offhook/media/measure"

// TellTones lets the session tell of each steady tone that it hears from now on, as EventTone, through hold and re-INVITE. It looks
// for them on the crew and while the far end sends sound, which costs some 0.2 % of a CPU while somebody speaks.
func (s *Session) TellTones() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tellsTones = true
}

// spotter is the sink that hears tones. It is there from the first packet of sound after TellTones on.
type spotter struct {
	session *Session
	rate    int
	tape    *tape
	tones   *measure.Spotter // owned by the crew
}

// listenForTones begins to hear tones, if they are to be told; a packet of sound has come.
func (s *Session) listenForTones() {
	if !s.tellsTones || s.spotter != nil || !s.configured {
		return
	}
	scale := scaleOf(s.params.Codec)
	if s.hearing != nil && s.hearing.rate != int64(scale.Rate) {
		return // its sinks began in another codec; once they are gone
	}
	k := &spotter{session: s, rate: scale.Rate}
	k.tones = measure.NewSpotter(measure.Options{SampleRate: scale.Rate, Milliwatt: scale.Milliwatt})
	k.tape = s.engine.crew.tape(k, shortestRun)
	s.spotter = k
	s.listen(k)
}

// leaveTones ceases to hear tones at another sample rate than that of now.
func (s *Session) leaveTones() {
	if k := s.spotter; k != nil && k.rate != s.params.Codec.SampleRate() {
		s.spotter = nil
		s.unlisten(k)
	}
}

func (k *spotter) take(heard, _ []int16) bool {
	if k.tape.write(heard, nil) {
		return true
	}
	k.hangUp() // the crew is too far behind: the next packet begins anew
	return false
}

func (k *spotter) hangUp() { k.session.spotter = nil }

func (k *spotter) work(samples []int16) error {
	found := k.tones.Write(samples)
	if len(found) == 0 {
		return nil
	}
	s := k.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.spotter == k { // else the samples are of a codec that is left, or of a session that is closed
		s.spotted = append(s.spotted, found...)
	}
	return nil
}

// finish has nothing to do: the tape of a spotter is not ended but left.
func (k *spotter) finish(error) {}

// tellTones tells of the tones that were spotted.
func (s *Session) tellTones(w *work) {
	for _, t := range s.spotted {
		w.events = append(w.events, Event{Kind: EventTone, Duration: t.Duration, Frequency: t.Frequency, Level: t.Level})
	}
	s.spotted = s.spotted[:0]
}

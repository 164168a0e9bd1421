package media

import (
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"syscall"
	"time"

	"offhook/media/detect"
)

// RecordReason says why a recording ended.
type RecordReason string

const (
	RecordStopped  RecordReason = "stopped"   // Stop was called, with no other reason
	RecordMax      RecordReason = "max"       // it has its full length
	RecordSilence  RecordReason = "silence"   // it was silent for long enough
	RecordHangup   RecordReason = "hangup"    // the session was closed
	RecordDiskFull RecordReason = "disk_full" // the disk took no more
	RecordSlowDisk RecordReason = "slow_disk" // the disk did not keep up
	RecordFailed   RecordReason = "failed"    // the file could not be written: Err says why
)

// trimMargin is what trimming leaves of the silence at both ends.
const trimMargin = 100 * time.Millisecond

// RecordOptions tell Session.Record what to record, and where to.
type RecordOptions struct {
	Dir  string // the folder of recordings; it is made if it does not exist
	Name string // of the file below Dir, with slashes; folders are made. Neither ".." nor links lead out of Dir.

	Stereo bool // what is heard on the left, what is said on the right
	Both   bool // what is heard and what is said together, on one channel; without Stereo and Both only what is heard

	Max       time.Duration // the longest recording; 0 = until Stop
	Silence   time.Duration // end after so much silence in what is heard; 0 = do not
	Threshold float64       // dBm0, below which it is silent; 0 = -45
	Trim      bool          // leave out the silence at both ends, up to 100 ms
}

const defaultThreshold = -45 // dBm0

// RecordResult is what came of a recording.
type RecordResult struct {
	Name     string // below the folder; empty if there is no file
	Duration time.Duration
	Bytes    int64 // size of the file
	Reason   RecordReason
	Err      error // of RecordFailed and RecordDiskFull
}

// Recording is a WAV file being written. The file has its name once Done is closed. Until then it is beside it, under a name
// that ends in .part.wav, with a header that fits: it can be played even if the process is killed.
type Recording struct {
	session *Session
	options RecordOptions
	scale   detect.Scale
	done    chan struct{}
	tape    *tape
	file    *recordFile
	masked  atomic.Bool

	// Guarded by session.mu.
	reason   RecordReason // empty while it goes on
	activity *detect.Activity
	taken    int64 // samples of each channel
	most     int64 // 0 = no limit
	mixed    []int16

	result RecordResult // set before done is closed
}

// Record begins to record. It waits for the disk to make the file. Errors: ErrNotConfigured, ErrClosed, or why the file cannot be
// made.
func (s *Session) Record(o RecordOptions) (*Recording, error) {
	p, err := s.parameters()
	if err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	if o.Threshold == 0 {
		o.Threshold = defaultThreshold
	}
	file, err := s.engine.createRecording(o, p.Codec.SampleRate())
	if err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	r := &Recording{session: s, options: o, scale: scaleOf(p.Codec), done: make(chan struct{}), file: file}
	r.most = int64(p.Codec.FrameSamples(o.Max))
	r.activity = detect.NewActivity(r.scale, o.Threshold)
	r.mixed = make([]int16, p.Codec.FrameSamples(hearStep))
	channels := 1
	if o.Stereo {
		channels = 2
	}
	r.tape = s.engine.crew.tape(r, channels*r.scale.Rate/2)

	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, fmt.Errorf("record: %w", errors.Join(ErrClosed, file.abandon()))
	}
	s.listen(r)
	return r, nil
}

func scaleOf(c Codec) detect.Scale {
	return detect.Scale{Rate: c.SampleRate(), Milliwatt: c.Amplitude(0)}
}

// Done is closed when the recording has ended and its file is finished.
func (r *Recording) Done() <-chan struct{} { return r.done }

// Stop ends the recording, for a reason; "" is RecordStopped. The file is finished in the background. Once it has ended, Stop does
// nothing.
func (r *Recording) Stop(why RecordReason) {
	if why == "" {
		why = RecordStopped
	}
	r.session.mu.Lock()
	defer r.session.mu.Unlock()
	r.end(why)
}

// Mask has silence recorded instead of what is heard and said, as while a card number is keyed in.
func (r *Recording) Mask(on bool) { r.masked.Store(on) }

// Result is what came of the recording, once Done is closed.
func (r *Recording) Result() RecordResult {
	<-r.done
	return r.result
}

// end ends the recording; session.mu is held.
func (r *Recording) end(why RecordReason) {
	if r.reason == "" {
		r.reason = why
		r.tape.end()
	}
}

func (r *Recording) hangUp() { r.end(RecordHangup) }

func (r *Recording) take(heard, said []int16) bool {
	if r.reason != "" {
		return false
	}
	if r.most > 0 {
		left := min(int64(len(heard)), r.most-r.taken)
		heard, said = heard[:left], said[:left]
	}
	r.taken += int64(len(heard))
	r.activity.Write(heard)
	if !r.write(heard, said) {
		r.end(RecordSlowDisk)
	}
	switch {
	case r.most > 0 && r.taken >= r.most:
		r.end(RecordMax)
	case r.options.Silence > 0 && r.activity.Quiet() >= r.options.Silence:
		r.end(RecordSilence)
	}
	return r.reason == ""
}

// write puts samples on the tape: false: it takes no more.
func (r *Recording) write(heard, said []int16) bool {
	mixed := r.mixed[:len(heard)]
	switch {
	case r.masked.Load():
		clear(mixed)
		heard, said = mixed, mixed
	case r.options.Both:
		for i := range mixed {
			mixed[i] = int16(max(math.MinInt16, min(math.MaxInt16, int(heard[i])+int(said[i]))))
		}
		heard = mixed
	}
	if !r.options.Stereo {
		said = nil
	}
	return r.tape.write(heard, said)
}

// work writes samples to the file, on a goroutine of the crew.
func (r *Recording) work(samples []int16) error { return r.file.write(samples) }

// finish finishes the file. session.mu is not needed: reason and activity do not change after the end.
func (r *Recording) finish(err error) {
	defer close(r.done)
	first, end := int64(0), r.taken
	if r.options.Trim {
		first, end = r.span()
	}
	res := RecordResult{Reason: r.reason}
	finished := r.file.finish(first, end)
	if err = errors.Join(err, finished); err != nil {
		res.Reason, res.Err = RecordFailed, err
		if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
			res.Reason = RecordDiskFull
		}
	}
	if finished == nil {
		res.Name, res.Bytes = r.options.Name, r.file.wav.Size()
		res.Duration = time.Duration(r.file.wav.Samples()) * time.Second / time.Duration(r.scale.Rate)
	}
	r.result = res
}

// span is what trimming leaves.
func (r *Recording) span() (first, end int64) {
	margin := int64(trimMargin) * int64(r.scale.Rate) / int64(time.Second)
	first, end, ok := r.activity.Span()
	if !ok {
		return 0, 0
	}
	return max(0, first-margin), min(r.taken, end+margin)
}

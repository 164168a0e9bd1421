package main

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"offhook/media"
	"offhook/media/measure"
	"offhook/media/wav"
)

// ear decodes, measures and records what a call hears. Packets come on the
// pacing thread, which only queues them.
type ear struct {
	packets chan heard    // never closed: the pacing thread may be about to send when the call has ended
	stop    chan struct{} // closed by close
	done    chan struct{}

	mu      sync.Mutex // guards what follows
	codec   media.Codec
	decoder media.Decoder // of codec; nil before there is one
	meter   *measure.Meter
	file    *os.File
	wav     *wav.Writer
	err     error  // of writing the recording
	next    uint32 // timestamp that should come next
	begun   bool   // a packet was heard: the sample rate stays

	samples []int16
}

// heard is one packet, copied.
type heard struct {
	payload     []byte
	payloadType uint8
	timestamp   uint32
}

// newEar begins to listen; record is the file to write, empty for none.
func newEar(record string) (*ear, error) {
	e := &ear{packets: make(chan heard, 1000), stop: make(chan struct{}), done: make(chan struct{}), meter: measure.New(measure.Options{})}
	if record != "" {
		file, err := os.Create(record)
		if err != nil {
			return nil, fmt.Errorf("record: %w", err)
		}
		e.file = file
	}
	go func() { // ends with close
		defer close(e.done)
		for {
			select {
			case p := <-e.packets:
				e.take(p)
			case <-e.stop:
				e.takeRest()
				return
			}
		}
	}()
	return e, nil
}

// answer tells which codec was agreed on: levels are measured against its own
// full scale.
func (e *ear) answer(c media.Codec) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.begun {
		e.listen(c)
	}
}

// listen begins to decode a codec. The first one says at which sample rate is
// measured and recorded.
func (e *ear) listen(c media.Codec) {
	if e.decoder == nil || e.codec != c {
		e.codec, e.decoder = c, c.Decoder()
	}
	if !e.begun {
		e.meter = measure.New(measure.Options{SampleRate: c.SampleRate(), Milliwatt: c.Amplitude(0)})
	}
}

// hear takes a packet on the pacing thread and never waits.
func (e *ear) hear(p media.Received) {
	select {
	case e.packets <- heard{append([]byte(nil), p.Payload...), p.PayloadType, p.Timestamp}:
	default: // a measuring thread a second late: the gap shows as missing sound
	}
}

// longestGap is the longest pause that silence is filled in for, in seconds.
const longestGap = 10

func (e *ear) take(p heard) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, c := range media.Codecs() {
		if c.PayloadType() == p.payloadType && (!e.begun || c.SampleRate() == e.codec.SampleRate()) {
			e.listen(c)
			e.add(p)
			return
		}
	}
}

// takeRest takes what has come so far.
func (e *ear) takeRest() {
	for {
		select {
		case p := <-e.packets:
			e.take(p)
		default:
			return
		}
	}
}

func (e *ear) add(p heard) {
	gap := int(int32(p.timestamp - e.next))
	if e.begun && gap < 0 {
		return // late, or sent twice
	}
	clock, rate := e.codec.ClockRate(), e.codec.SampleRate()
	e.samples = e.samples[:0]
	if e.begun && gap > 0 && gap <= longestGap*clock {
		e.samples = append(e.samples, make([]int16, gap*rate/clock)...)
	}
	silence := len(e.samples)
	e.samples = e.decoder.Decode(e.samples, p.payload)
	e.begun, e.next = true, p.timestamp+uint32((len(e.samples)-silence)*clock/rate)
	e.meter.Write(e.samples)
	e.record(e.samples)
}

// record writes samples to the recording, if there is one.
func (e *ear) record(samples []int16) {
	if e.file == nil || e.err != nil {
		return
	}
	if e.wav == nil {
		e.wav, e.err = wav.NewWriter(e.file, e.codec.SampleRate())
	}
	if e.err == nil {
		e.err = e.wav.Write(samples)
	}
}

// result is what was heard so far.
func (e *ear) result() measure.Result {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.meter.Result()
}

// close ends listening and finishes the recording.
func (e *ear) close() error {
	close(e.stop)
	<-e.done
	if e.file == nil {
		return nil
	}
	e.record(nil) // a call without sound leaves a file without samples
	if e.wav != nil {
		e.err = errors.Join(e.err, e.wav.Close())
	}
	if err := errors.Join(e.err, e.file.Close()); err != nil {
		return fmt.Errorf("record: %w", err)
	}
	return nil
}

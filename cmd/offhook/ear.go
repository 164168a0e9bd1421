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
	packets chan heard
	done    chan struct{}

	mu    sync.Mutex // guards what follows
	codec media.Codec
	meter *measure.Meter
	file  *os.File
	wav   *wav.Writer
	err   error  // of writing the recording
	next  uint32 // timestamp that should come next
	begun bool

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
	e := &ear{packets: make(chan heard, 1000), done: make(chan struct{}), meter: measure.New(measure.Options{})}
	if record != "" {
		file, err := os.Create(record)
		if err != nil {
			return nil, fmt.Errorf("record: %w", err)
		}
		e.file = file
		if e.wav, err = wav.NewWriter(file, 8000); err != nil {
			return nil, errors.Join(fmt.Errorf("record: %w", err), file.Close())
		}
	}
	go func() { // ends with close
		defer close(e.done)
		for p := range e.packets {
			e.take(p)
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
		e.codec, e.meter = c, measure.New(measure.Options{Milliwatt: c.Amplitude(0)})
	}
}

// hear takes a packet on the pacing thread and never waits.
func (e *ear) hear(p media.Received) {
	select {
	case e.packets <- heard{append([]byte(nil), p.Payload...), p.PayloadType, p.Timestamp}:
	default: // a measuring thread a second late: the gap shows as missing sound
	}
}

// longestGap is the longest pause in timestamps that silence is filled in for.
const longestGap = 10 * 8000

func (e *ear) take(p heard) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, c := range media.Codecs() {
		if c.PayloadType() == p.payloadType {
			e.codec = c
			e.add(p)
			return
		}
	}
}

func (e *ear) add(p heard) {
	gap := int32(p.timestamp - e.next)
	if e.begun && gap < 0 {
		return // late, or sent twice
	}
	e.samples = e.samples[:0]
	if e.begun && gap > 0 && gap <= longestGap {
		e.samples = append(e.samples, make([]int16, gap)...)
	}
	e.samples = e.codec.Decode(e.samples, p.payload)
	e.begun, e.next = true, p.timestamp+uint32(len(p.payload))
	e.meter.Write(e.samples)
	if e.wav != nil && e.err == nil {
		e.err = e.wav.Write(e.samples)
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
	close(e.packets)
	<-e.done
	if e.wav == nil {
		return nil
	}
	if err := errors.Join(e.err, e.wav.Close(), e.file.Close()); err != nil {
		return fmt.Errorf("record: %w", err)
	}
	return nil
}

package media

import (
	"math"
	"testing"
	"time"
)

const testPtime = 20 * time.Millisecond

// hear feeds a stream of sequence numbers from one source, 20 ms apart.
func hear(r *receiver, ssrc uint32, sequence ...uint16) (listened int) {
	for i, seq := range sequence {
		arrival := int64(1+i) * int64(testPtime)
		if r.receive(header{ssrc: ssrc, sequence: seq, timestamp: uint32(i) * 160}, 160, arrival, true) {
			listened++
		}
	}
	return listened
}

func TestReceiverCounts(t *testing.T) {
	type seq = []uint16
	for _, c := range []struct {
		name                    string
		sequence                seq
		listened                int
		packets, lost, invalids int
	}{
		{"in order", seq{7, 8, 9, 10}, 4, 4, 0, 0},
		{"two lost", seq{7, 8, 11, 12}, 4, 4, 2, 0},
		{"reordered", seq{7, 8, 10, 9, 11}, 5, 5, 0, 0},
		{"duplicated", seq{7, 8, 8, 8, 9}, 5, 5, -2, 0},
		{"wraps", seq{65534, 65535, 0, 1}, 4, 4, 0, 0},
		{"wraps over a loss", seq{65533, 65534, 1, 2}, 4, 4, 2, 0},
		{"late packet over the wrap", seq{65534, 65535, 1, 0, 2}, 5, 5, 0, 0},
		{"largest dropout", seq{1, 2, 2 + maxDropout - 1}, 3, 3, maxDropout - 2, 0},
		{"stray jump", seq{1, 2, 20000, 3, 4}, 4, 4, 0, 1},
		{"restart", seq{1, 2, 20000, 20001, 20002}, 4, 4, 0, 1},
		{"single packet", seq{9}, 1, 1, 0, 0},
		{"probation begins again", seq{9, 20, 21}, 3, 2, 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := receiver{clockRate: 8000}
			listened := hear(&r, 1, c.sequence...)
			got := r.reception()
			if listened != c.listened || int(got.Packets) != c.packets || int(got.Lost) != c.lost || int(got.Invalid) != c.invalids {
				t.Errorf("listened to %d, packets %d, lost %d, invalid %d; want %d, %d, %d, %d", listened,
					got.Packets, got.Lost, got.Invalid, c.listened, c.packets, c.lost, c.invalids)
			}
			if got.Bytes != 160*got.Packets {
				t.Errorf("%d octets in %d packets", got.Bytes, got.Packets)
			}
		})
	}
}

func TestReceiverChangesSource(t *testing.T) {
	r := receiver{clockRate: 8000}
	hear(&r, 1, 10, 11, 13)
	if hear(&r, 2, 500) != 0 || r.current.ssrc != 1 {
		t.Fatal("one packet of a stranger took over")
	}
	if hear(&r, 1, 14) != 1 {
		t.Fatal("the source was lost to a stray packet")
	}
	if hear(&r, 2, 501, 502) != 2 || r.current.ssrc != 2 {
		t.Fatal("a proven new source was not taken")
	}
	// 10–14 with 12 lost, and 500–502, whose first packet proved the source.
	if got := r.reception(); got.Packets != 7 || got.Lost != 1 || got.Invalid != 0 {
		t.Errorf("packets %d, lost %d, invalid %d; want 7, 1, 0", got.Packets, got.Lost, got.Invalid)
	}
}

func TestReceiverLossPercent(t *testing.T) {
	r := receiver{clockRate: 8000}
	hear(&r, 1, 0, 1, 2, 4)
	if got := r.reception().LossPct; got != 20 {
		t.Errorf("loss %v %%, want 20", got)
	}
}

// TestJitter compares with the recurrence of RFC 3550 §A.8, written out.
func TestJitter(t *testing.T) {
	for _, c := range []struct {
		name  string
		delay func(i int) time.Duration // beyond the send time
		want  time.Duration
	}{
		{"none", func(int) time.Duration { return 5 * time.Millisecond }, 0},
		{"every other packet 4 ms late", func(i int) time.Duration { return time.Duration(i%2) * 4 * time.Millisecond }, 4 * time.Millisecond},
		{"a constant drift of 1 ms", func(i int) time.Duration { return time.Duration(i) * time.Millisecond }, time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := receiver{clockRate: 8000}
			for i := range 500 {
				h := header{sequence: uint16(i), timestamp: math.MaxUint32 - 8000 + uint32(i)*160}
				r.receive(h, 160, int64(time.Hour)+int64(i)*int64(testPtime)+int64(c.delay(i)), true)
			}
			if got := r.reception().Jitter; got < c.want-time.Microsecond || got > c.want+time.Microsecond {
				t.Errorf("jitter %v, want %v", got, c.want)
			}
		})
	}
}

func TestJitterIgnoresEventsAndNewClocks(t *testing.T) {
	r := receiver{clockRate: 8000}
	for i := range 100 {
		at := int64(1+i) * int64(testPtime)
		h := header{sequence: uint16(i), timestamp: uint32(i) * 160}
		clocked := i < 40 || i >= 50
		switch {
		case !clocked:
			h.timestamp = 40 * 160 // of one key press
		case i >= 70:
			h.timestamp += 1 << 30 // the sender's clock was set anew
		}
		r.receive(h, 160, at, clocked)
	}
	if got := r.reception().Jitter; got != 0 {
		t.Errorf("jitter %v, want 0", got)
	}
}

package dtmf

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

const (
	rate  = 8000
	ptime = 20 * time.Millisecond
)

func TestPayload(t *testing.T) {
	tests := []struct {
		name string
		b    []byte
		want Payload
		bad  bool
	}{
		{name: "digit 5 goes on", b: []byte{5, 0x0a, 0x03, 0x20}, want: Payload{Event: 5, Volume: 10, Duration: 800}},
		{name: "end of #", b: []byte{11, 0x80, 0x06, 0x40}, want: Payload{Event: 11, End: true, Duration: 1600}},
		{name: "largest values", b: []byte{255, 0xbf, 0xff, 0xff}, want: Payload{Event: 255, End: true, Volume: 63, Duration: 65535}},
		{name: "only the first of two events", b: []byte{1, 0x80, 0, 160, 2, 0, 0, 160}, want: Payload{Event: 1, End: true, Duration: 160}},
		{name: "too short", b: []byte{1, 0x80, 0}, bad: true},
		{name: "empty", bad: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Parse(tt.b)
			if (err != nil) != tt.bad || got != tt.want {
				t.Fatalf("%+v, %v; want %+v", got, err, tt.want)
			}
			if b := got.Append(nil); err == nil && !slices.Equal(b, tt.b[:Size]) {
				t.Errorf("encodes to % x, want % x", b, tt.b[:Size])
			}
		})
	}
	if got, _ := Parse([]byte{1, 0x4a, 0, 0}); got.Volume != 10 || got.End {
		t.Errorf("with the reserved bit: %+v", got)
	}
}

func TestDigits(t *testing.T) {
	for event := range 256 {
		digit, ok := Digit(uint8(event))
		if ok != (event < 16) {
			t.Fatalf("event %d: digit %v", event, ok)
		}
		if back, ok2 := Event(digit); ok && (!ok2 || int(back) != event) {
			t.Errorf("digit %q of event %d is event %d", digit, event, back)
		}
	}
	if e, ok := Event('c'); !ok || e != 14 {
		t.Errorf("'c' is event %d, %v", e, ok)
	}
	if _, ok := Event('e'); ok {
		t.Error("'e' is a digit")
	}
}

// packet is a telephone-event packet as it arrives.
type packet struct {
	event     uint8
	timestamp uint32
	duration  uint16
	end       bool
	at        time.Duration
}

func pressed(digit byte, d time.Duration) Press { return Press{Digit: digit, Duration: d} }

func TestReceiver(t *testing.T) {
	const ms = time.Millisecond
	tests := []struct {
		name    string
		packets []packet
		until   time.Duration // Expire is asked every 10 ms from the last packet on; 0 = not at all
		want    []Press
	}{
		{
			name: "one press, the end three times",
			packets: []packet{
				{event: 1, timestamp: 100, duration: 160}, {event: 1, timestamp: 100, duration: 320},
				{event: 1, timestamp: 100, duration: 480, end: true}, {event: 1, timestamp: 100, duration: 480, end: true},
				{event: 1, timestamp: 100, duration: 480, end: true},
			},
			until: time.Second,
			want:  []Press{pressed('1', 60*ms)},
		},
		{
			name:    "only the last copy of the end arrives",
			packets: []packet{{event: 9, timestamp: 100, duration: 800, end: true}},
			until:   time.Second,
			want:    []Press{pressed('9', 100*ms)},
		},
		{
			name:    "all ends are lost, nothing follows",
			packets: []packet{{event: 11, timestamp: 100, duration: 160}, {event: 11, timestamp: 100, duration: 320, at: 20 * ms}},
			until:   time.Second,
			want:    []Press{pressed('#', 40*ms)},
		},
		{
			name:    "still down",
			packets: []packet{{event: 11, timestamp: 100, duration: 160}},
			until:   290 * ms,
		},
		{
			name: "the end comes after the press was given up",
			packets: []packet{
				{event: 3, timestamp: 100, duration: 160}, {event: 3, timestamp: 100, duration: 320, at: 20 * ms},
				{event: 3, timestamp: 100, duration: 8000, end: true, at: time.Second},
			},
			until: 2 * time.Second,
			want:  []Press{pressed('3', 40*ms)},
		},
		{
			name: "same digit twice",
			packets: []packet{
				{event: 7, timestamp: 100, duration: 160}, {event: 7, timestamp: 100, duration: 320, end: true},
				{event: 7, timestamp: 2000, duration: 160}, {event: 7, timestamp: 2000, duration: 320, end: true},
			},
			want: []Press{pressed('7', 40*ms), pressed('7', 40*ms)},
		},
		{
			name: "same digit twice, the first without an end",
			packets: []packet{
				{event: 7, timestamp: 100, duration: 160}, {event: 7, timestamp: 2000, duration: 160},
				{event: 7, timestamp: 2000, duration: 320, end: true},
			},
			want: []Press{pressed('7', 20*ms), pressed('7', 40*ms)},
		},
		{
			name: "one packet ends two presses",
			packets: []packet{
				{event: 7, timestamp: 100, duration: 160}, {event: 8, timestamp: 2000, duration: 400, end: true},
			},
			want: []Press{pressed('7', 20*ms), pressed('8', 50*ms)},
		},
		{
			name: "a late copy of the press before",
			packets: []packet{
				{event: 1, timestamp: 100, duration: 160, end: true}, {event: 2, timestamp: 2000, duration: 160},
				{event: 1, timestamp: 100, duration: 160, end: true}, {event: 2, timestamp: 2000, duration: 320, end: true},
			},
			want: []Press{pressed('1', 20*ms), pressed('2', 40*ms)},
		},
		{
			name: "out of order within a press",
			packets: []packet{
				{event: 1, timestamp: 100, duration: 320}, {event: 1, timestamp: 100, duration: 160},
				{event: 1, timestamp: 100, duration: 640, end: true}, {event: 1, timestamp: 100, duration: 480},
			},
			until: time.Second,
			want:  []Press{pressed('1', 80*ms)},
		},
		{
			name: "longer than the duration field: segments",
			packets: []packet{
				{event: 5, timestamp: 100, duration: 160}, {event: 5, timestamp: 100, duration: 0xffff},
				{event: 5, timestamp: 100 + 0xffff, duration: 160}, {event: 5, timestamp: 100 + 0xffff, duration: 0xffff},
				{event: 5, timestamp: 100 + 2*0xffff, duration: 2, end: true}, {event: 5, timestamp: 100 + 2*0xffff, duration: 2, end: true},
			},
			want: []Press{pressed('5', 131072*time.Second/rate)},
		},
		{
			name: "the last packet of a segment is lost",
			packets: []packet{
				{event: 5, timestamp: 100, duration: 0xff00}, {event: 5, timestamp: 100 + 0xffff, duration: 160, end: true},
			},
			want: []Press{pressed('5', (0xffff+160)*time.Second/rate)},
		},
		{
			name: "the timestamp wraps between two presses",
			packets: []packet{
				{event: 1, timestamp: 0xffffff00, duration: 160, end: true}, {event: 2, timestamp: 0x00000800, duration: 160, end: true},
			},
			want: []Press{pressed('1', 20*ms), pressed('2', 20*ms)},
		},
		{
			name: "the timestamps begin anew, far back",
			packets: []packet{
				{event: 1, timestamp: 5_000_000, duration: 160, end: true}, {event: 1, timestamp: 1000, duration: 160, end: true},
			},
			want: []Press{pressed('1', 20*ms), pressed('1', 20*ms)},
		},
		{
			name: "a sender whose timestamp runs on while the key is down",
			packets: []packet{
				{event: 4, timestamp: 100, duration: 160}, {event: 4, timestamp: 260, duration: 320},
				{event: 4, timestamp: 420, duration: 480}, {event: 4, timestamp: 580, duration: 640, end: true},
				{event: 4, timestamp: 740, duration: 640, end: true}, {event: 4, timestamp: 900, duration: 640, end: true},
				{event: 4, timestamp: 3000, duration: 160}, {event: 4, timestamp: 3160, duration: 320, end: true},
			},
			until: time.Second,
			want:  []Press{pressed('4', 80*ms), pressed('4', 40*ms)},
		},
		{
			name:    "other events are not digits",
			packets: []packet{{event: 16, timestamp: 100, duration: 160, end: true}, {event: 36, timestamp: 2000, duration: 160, end: true}},
			until:   time.Second,
		},
		{
			name:    "an event of no duration",
			packets: []packet{{event: 0, timestamp: 100, end: true}},
			want:    []Press{pressed('0', 0)},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var r Receiver
			var got []Press
			var now time.Duration
			for _, p := range tt.packets {
				for ; now < p.at; now += 10 * ms {
					if press, ok := r.Expire(now); ok {
						got = append(got, press)
					}
				}
				ended, n := r.Receive(Payload{Event: p.event, End: p.end, Duration: p.duration}, p.timestamp, rate, p.at)
				got = append(got, ended[:n]...)
			}
			for ; now < tt.until; now += 10 * ms {
				if press, ok := r.Expire(now); ok {
					got = append(got, press)
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("presses %v, want %v", got, tt.want)
			}
		})
	}
}

func TestVolume(t *testing.T) {
	var r Receiver
	ended, n := r.Receive(Payload{Event: 1, End: true, Volume: 17, Duration: 160}, 1, rate, 0)
	if n != 1 || ended[0].Volume != 17 {
		t.Errorf("%d presses, volume %d, want 17", n, ended[0].Volume)
	}
}

func TestSequence(t *testing.T) {
	s, err := Lay("1w#", 80*time.Millisecond, 80*time.Millisecond, ptime, 8000)
	if err != nil {
		t.Fatal(err)
	}
	if s.Len() != 8+25+8 {
		t.Fatalf("%d frames, want 41", s.Len())
	}
	first := map[int64]uint8{0: 1, 33: 11}
	var event uint8
	began := int64(-100)
	for i := range s.Len() + 5 {
		if e, ok := first[i]; ok {
			event, began = e, i
		}
		got, ok := s.At(i)
		k := i - began
		if k >= 6 {
			if ok {
				t.Errorf("frame %d: %+v, want silence", i, got)
			}
			continue
		}
		want := Packet{
			Payload: Payload{Event: event, End: k >= 3, Volume: 10, Duration: uint16(160 * min(k+1, 4))},
			Marker:  k == 0, Began: began,
		}
		if !ok || got != want {
			t.Errorf("frame %d: %+v, %v, want %+v", i, got, ok, want)
		}
	}
	if _, ok := s.At(-1); ok {
		t.Error("there is a packet before the first frame")
	}
}

// A key that is down for longer than the duration field can say is sent in segments that follow on each other.
func TestSequenceSegments(t *testing.T) {
	s, err := Lay("5", 20*time.Second, 0, ptime, 8000)
	if err != nil {
		t.Fatal(err)
	}
	last, _ := s.At(0)
	markers, segments := 0, 0
	for i := range s.Len() {
		p, ok := s.At(i)
		if !ok {
			continue
		}
		if p.Marker {
			markers++
		}
		switch {
		case p.Began != last.Began:
			if segments++; p.Began*160 != last.Began*160+int64(last.Payload.Duration) || p.Payload.Duration != 160 {
				t.Errorf("frame %d: segment at %d of %d units after one at %d of %d", i, p.Began*160, p.Payload.Duration, last.Began*160, last.Payload.Duration)
			}
		case p.Payload.Duration < last.Payload.Duration:
			t.Errorf("frame %d: duration fell from %d to %d", i, last.Payload.Duration, p.Payload.Duration)
		}
		last = p
	}
	if markers != 1 || segments != 2 || !last.Payload.End || last.Began*160+int64(last.Payload.Duration) != 20*rate {
		t.Errorf("%d markers, %d further segments, last %+v", markers, segments, last)
	}
}

func TestLayRefuses(t *testing.T) {
	for _, tt := range []struct {
		name, digits   string
		on, gap, ptime time.Duration
	}{
		{name: "nothing", ptime: ptime},
		{name: "no digit", digits: "12x", ptime: ptime},
		{name: "negative", digits: "1", on: -1, ptime: ptime},
		{name: "too long", digits: "1", on: time.Hour, ptime: ptime},
		{name: "negative gap", digits: "1", gap: -1, ptime: ptime},
		{name: "no ptime", digits: "1"},
		{name: "too many", digits: string(make([]byte, 1001)), ptime: ptime},
	} {
		if s, err := Lay(tt.digits, tt.on, tt.gap, tt.ptime, 8000); err == nil {
			t.Errorf("%s: %d frames, want an error", tt.name, s.Len())
		}
	}
}

// What is sent is received, as long as one packet of each press arrives: whatever is lost, doubled or swapped.
func TestThereAndBack(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, loss := range []float64{0, 0.1, 0.5, 0.9} {
		for range 200 {
			on := time.Duration(20+random.IntN(300)) * time.Millisecond
			digits := make([]byte, 1+random.IntN(20))
			for i := range digits {
				digits[i], _ = Digit(uint8(random.IntN(16)))
			}
			s, err := Lay(string(digits), on, 60*time.Millisecond, ptime, 8000)
			if err != nil {
				t.Fatal(err)
			}
			got := transmit(s, random, loss)
			if len(got) > len(digits) || loss == 0 && len(got) < len(digits) {
				t.Fatalf("loss %g: sent %s, received %v", loss, digits, got)
			}
			if loss < 0.5 && on > 200*time.Millisecond && len(got) != len(digits) {
				t.Fatalf("loss %g: sent %s for %v each, received %v", loss, digits, on, got)
			}
			for i, p := range got {
				if longest := (on + ptime - 1) / ptime * ptime; p.Duration > longest || loss == 0 && p.Duration != longest {
					t.Fatalf("loss %g: digit of %v lasted %v", loss, on, p.Duration)
				}
				if loss == 0 && p.Digit != digits[i] {
					t.Fatalf("sent %s, received %v", digits, got)
				}
			}
		}
	}
}

// transmit sends s over a network that loses, doubles and, by one packet, swaps.
func transmit(s *Sequence, random *rand.Rand, loss float64) (got []Press) {
	var r Receiver
	var arriving []Packet
	start := random.Uint32()
	for i := range s.Len() + 50 {
		now := time.Duration(i) * ptime
		if p, ok := s.At(i); ok && random.Float64() >= loss {
			arriving = append(arriving, p)
			if random.IntN(10) == 0 {
				arriving = append(arriving, p)
			}
		}
		if random.IntN(10) == 0 {
			continue // they wait for the next frame, and then
		}
		if len(arriving) > 1 && random.IntN(3) == 0 { // the last overtakes the first
			arriving[0], arriving[len(arriving)-1] = arriving[len(arriving)-1], arriving[0]
		}
		for _, p := range arriving {
			ended, n := r.Receive(p.Payload, start+uint32(p.Began*160), rate, now)
			got = append(got, ended[:n]...)
		}
		arriving = arriving[:0]
		if p, ok := r.Expire(now); ok {
			got = append(got, p)
		}
	}
	return got
}

// FuzzReceiver feeds arbitrary packets: presses are digits, and there are no more of them than packets.
func FuzzReceiver(f *testing.F) {
	f.Add([]byte{1, 0x0a, 0, 160, 0, 100, 1, 0x8a, 1, 64, 0, 100})
	f.Add([]byte{5, 0, 0xff, 0xff, 0, 0, 5, 0, 0, 160, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		var r Receiver
		packets, presses := 0, 0
		for ; len(b) >= Size+2; b = b[Size+2:] {
			p, err := Parse(b)
			if err != nil {
				t.Fatal(err)
			}
			packets++
			timestamp := uint32(b[Size])<<24 | uint32(b[Size+1])
			ended, n := r.Receive(p, timestamp, rate, time.Duration(packets)*ptime)
			for _, p := range ended[:n] {
				if _, ok := Event(p.Digit); !ok || p.Duration < 0 {
					t.Fatalf("press %+v", p)
				}
			}
			presses += n
		}
		if _, ok := r.Expire(time.Hour); ok {
			presses++
		}
		if presses > packets {
			t.Fatalf("%d presses of %d packets", presses, packets)
		}
	})
}

func FuzzLay(f *testing.F) {
	f.Add("123#", int64(ptime), int64(ptime), int64(ptime))
	f.Fuzz(func(t *testing.T, digits string, on, gap, ptime int64) {
		s, err := Lay(digits, time.Duration(on), time.Duration(gap), time.Duration(ptime), 8000)
		if err != nil {
			return
		}
		for i := range min(s.Len(), 100_000) {
			if p, ok := s.At(i); ok && (p.Began > i || p.Payload.Duration == 0) {
				t.Fatalf("frame %d: %+v", i, p)
			}
		}
	})
}

func BenchmarkReceive(b *testing.B) {
	b.ReportAllocs()
	var r Receiver
	i := uint32(0)
	for b.Loop() {
		r.Receive(Payload{Event: 1, End: i%8 == 7, Duration: uint16(i%8+1) * 160}, i/8*4000, rate, 0)
		i++
	}
}

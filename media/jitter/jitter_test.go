package jitter

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// plain is a codec of two octets a sample.
type plain struct{}

func (plain) Decode(dst []int16, payload []byte) []int16 {
	for i := 0; i+1 < len(payload); i += 2 {
		dst = append(dst, int16(payload[i])<<8|int16(payload[i+1]))
	}
	return dst
}

const frame = 160

// sent makes packet n of a stream whose samples count up from 1, so that each sample of 8 seconds and more is known again.
func sent(n int) Packet {
	p := Packet{Sequence: uint16(65500 + n), Timestamp: uint32(math.MaxUint32 - 1000 + frame*n), SSRC: 7, Decoder: plain{}}
	for i := range frame {
		x := value(n*frame + i)
		p.Payload = append(p.Payload, byte(x>>8), byte(x))
	}
	return p
}

// value is sample i: loud, so that nothing is taken for silence.
func value(i int) int16 { return int16(1000 + i%31000) }

// arrival is a packet and the tick that it comes at: before the pull of 20 ms of that number.
type arrival struct {
	tick int
	Packet
}

// each makes n packets that arrive one a tick, changed by do.
func each(n int, do func(i int, a *arrival) (keep bool)) (stream []arrival) {
	for i := range n {
		a := arrival{i, sent(i)}
		if do == nil || do(i, &a) {
			stream = append(stream, a)
		}
	}
	return stream
}

// hear plays a stream and returns what was heard in so many ticks.
func hear(b *Buffer, stream []arrival, ticks int) (heard []int16) {
	slices.SortStableFunc(stream, func(a, b arrival) int { return a.tick - b.tick })
	var pcm [frame]int16
	for tick := range ticks {
		for len(stream) > 0 && stream[0].tick <= tick {
			b.Put(stream[0].Packet)
			stream = stream[1:]
		}
		b.Pull(pcm[:])
		heard = append(heard, pcm[:]...)
	}
	return heard
}

// intact is how many packets are in what was heard as they were sent.
func intact(heard []int16, packets int) (n int) {
	at := 0
	for i := range packets {
		want := make([]int16, frame)
		for k := range want {
			want[k] = value(i*frame + k)
		}
		for p := at; p+frame <= min(len(heard), at+180*frame); p++ {
			if heard[p] == want[0] && slices.Equal(heard[p:p+frame], want) {
				n, at = n+1, p+frame
				break
			}
		}
	}
	return n
}

func TestBuffer(t *testing.T) {
	const packets = 100
	cases := []struct {
		name    string
		options Options
		stream  []arrival
		intact  int // packets heard as they were sent, at least
		stats   Stats
	}{
		{name: "nothing happens", stream: each(packets, nil), intact: packets, stats: Stats{Packets: packets, Delay: 40 * time.Millisecond}},
		{name: "one is lost", stream: each(packets, func(i int, _ *arrival) bool { return i != 50 }),
			intact: packets - 2, stats: Stats{Packets: packets - 1, Lost: 1, Delay: 40 * time.Millisecond}},
		{name: "a burst is lost", stream: each(packets, func(i int, _ *arrival) bool { return i < 50 || i >= 60 }),
			intact: packets - 10, stats: Stats{Packets: packets - 10, Lost: 10, Delay: 40 * time.Millisecond}},
		{name: "a burst longer than the buffer is lost", stream: each(2*packets, func(i int, _ *arrival) bool { return i < 50 || i >= 150 }),
			intact: packets, stats: Stats{Packets: packets, Lost: 100, Delay: 40 * time.Millisecond}},
		{name: "all come twice", stream: append(each(packets, nil), each(packets, func(i int, a *arrival) bool { a.tick += i % 5; return true })...),
			intact: packets, stats: Stats{Packets: packets, Duplicates: packets, Delay: 40 * time.Millisecond}},
		{name: "two change places", stream: each(packets, func(i int, a *arrival) bool { a.tick += 2 * (i % 2) * min(1, (packets-1-i)/10); return true }),
			intact: packets, stats: Stats{Packets: packets, Delay: 40 * time.Millisecond}},
		{name: "one comes later than all before", stream: each(packets, func(i int, a *arrival) bool {
			if i >= 50 && i < 54 {
				a.tick = 54
			}
			return true
		}), intact: packets - 1, stats: Stats{Packets: packets, Delay: 80 * time.Millisecond}},
		{name: "one comes when what followed was heard", stream: each(packets, func(i int, a *arrival) bool {
			if i == 50 {
				a.tick += 6
			}
			return true
		}), intact: packets - 2, stats: Stats{Packets: packets - 1, Lost: 1, Late: 1, Delay: 40 * time.Millisecond}},
		{name: "the network stands still for a second", stream: each(packets, func(i int, a *arrival) bool {
			if i >= 20 && i < 70 {
				a.tick = 70
			}
			return true
		}), intact: packets - 41, stats: Stats{Packets: packets - 40, Lost: 40, Late: 40, Delay: 200 * time.Millisecond}},
		{name: "another source", stream: each(packets, func(i int, a *arrival) bool {
			if i >= 50 {
				a.SSRC, a.Sequence, a.Timestamp = 8, a.Sequence+5000, a.Timestamp+77
			}
			return true
		}), intact: packets - 3, stats: Stats{Packets: packets, Restarts: 1, Delay: 40 * time.Millisecond}},
		{name: "timestamps jump ahead", stream: each(packets, func(i int, a *arrival) bool {
			if i >= 50 {
				a.Timestamp += 1 << 30
			}
			return true
		}), intact: packets, stats: Stats{Packets: packets, Restarts: 1, Delay: 40 * time.Millisecond}},
		{name: "timestamps jump back", stream: each(packets, func(i int, a *arrival) bool {
			if i >= 50 {
				a.Timestamp -= 1 << 30
			}
			return true
		}), intact: packets - 5, stats: Stats{Packets: packets - 3, Lost: 3, Late: 3, Restarts: 1, Delay: 40 * time.Millisecond}},
		{name: "the sender is silent, and its timestamps run on", stream: each(packets, func(i int, a *arrival) bool {
			if i >= 50 {
				a.tick += 150
				a.Timestamp, a.Marker = a.Timestamp+150*frame, i == 50
			}
			return true
		}), intact: packets, stats: Stats{Packets: packets, Delay: 40 * time.Millisecond}},
		{name: "the sender is silent, and its timestamps stand still", stream: each(packets, func(i int, a *arrival) bool {
			if i >= 50 {
				a.tick, a.Marker = a.tick+150, i == 50
			}
			return true
		}), intact: packets, stats: Stats{Packets: packets, Restarts: 1, Delay: 40 * time.Millisecond}},
		{name: "telephone-events in between", stream: each(packets, func(i int, a *arrival) bool {
			if i >= 50 && i < 60 {
				a.Payload, a.Timestamp = nil, sent(50).Timestamp
			}
			return true
		}), intact: packets - 10, stats: Stats{Packets: packets - 10, Delay: 40 * time.Millisecond}},
		{name: "an old packet is stamped far ahead", stream: each(packets, func(i int, a *arrival) bool {
			if i == 50 {
				a.tick, a.Timestamp = a.tick+2, a.Timestamp+1<<20
			}
			return true
		}), intact: packets - 2, stats: Stats{Packets: packets - 1, Lost: 1, Delay: 40 * time.Millisecond}},
		{name: "a fixed delay", options: Options{Initial: 60 * time.Millisecond, Max: 60 * time.Millisecond}, stream: each(packets, func(i int, a *arrival) bool {
			if i == 50 {
				a.tick += 4
			}
			return true
		}), intact: packets - 2, stats: Stats{Packets: packets - 1, Lost: 1, Late: 1, Delay: 60 * time.Millisecond}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := New(c.options)
			heard := hear(b, c.stream, 3*packets)
			got := b.Stats()
			if got.Concealed == 0 {
				t.Error("nothing was concealed, not even what came before and after the stream")
			}
			got.Concealed = 0
			if n := intact(heard, 2*packets); n < c.intact {
				t.Errorf("%d packets came out intact, want %d", n, c.intact)
			}
			if got != c.stats {
				t.Errorf("stats %+v\nwant  %+v", got, c.stats)
			}
		})
	}
}

// TestDelayFollowsTheNetwork: with jitter the delay grows until nothing is late, and shrinks in a pause once the jitter has gone.
func TestDelayFollowsTheNetwork(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var stream []arrival
	for i := range 1500 {
		a := arrival{i, sent(i)}
		if i < 500 {
			a.tick += random.IntN(6) // up to 100 ms
		}
		if i >= 1000 && i < 1050 {
			clear(a.Payload)
		}
		stream = append(stream, a)
	}
	b := New(Options{})
	hear(b, slices.Clone(stream[:500]), 505)
	jittery := b.Stats()
	if jittery.Delay < 100*time.Millisecond || jittery.Delay > 160*time.Millisecond || jittery.Late > 5 {
		t.Errorf("with jitter: %+v", jittery)
	}
	calm := New(Options{})
	heard := hear(calm, stream, 1510)
	if st := calm.Stats(); st.Delay > 60*time.Millisecond || st.Late != jittery.Late {
		t.Errorf("after the jitter: %+v", st)
	}
	if n := intact(heard, 1500); n < 1440 { // 50 are silent
		t.Errorf("%d packets came out intact", n)
	}
}

// TestClockDrift: a sender whose clock runs 1 % fast, or slow, loses little and does not fill the buffer.
func TestClockDrift(t *testing.T) {
	for _, drift := range []float64{0.99, 1.01} {
		b := New(Options{})
		stream := each(6000, func(i int, a *arrival) bool { a.tick = int(float64(i) * drift); return true })
		hear(b, stream, 5900)
		if st := b.Stats(); st.Delay > 160*time.Millisecond || st.Lost > 10 || st.Restarts > 0 {
			t.Errorf("drift %g: %+v", drift, st)
		}
	}
}

// TestRandomNetworks: whatever a network does, what is heard stays bounded and the counts stay true.
func TestRandomNetworks(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 0))
		loss, jitter := random.IntN(30), 1+random.IntN(8)
		var stream []arrival
		arrived := map[int]bool{}
		for i := range 500 {
			if random.IntN(100) < loss {
				continue
			}
			stream = append(stream, arrival{i + random.IntN(jitter), sent(i)})
			arrived[i] = true
			if random.IntN(20) == 0 {
				stream = append(stream, arrival{i + random.IntN(jitter), sent(i)})
			}
		}
		b := New(Options{})
		heard := hear(b, slices.Clone(stream), 520)
		st := b.Stats()
		if got := int(st.Packets + st.Late); got < len(arrived) || got+int(st.Duplicates) > len(stream)+int(st.Late) {
			t.Errorf("seed %d: %d different packets of %d came: %+v", seed, len(arrived), len(stream), st)
		}
		if st.Delay > 200*time.Millisecond || st.Restarts > 0 || st.Lost > uint64(500-len(arrived))+st.Late+10 {
			t.Errorf("seed %d: %+v", seed, st)
		}
		if want := len(arrived) * (100 - 2*loss - 10) / 100; intact(heard, 500) < want-int(st.Late)*2 {
			t.Errorf("seed %d, loss %d %%: %d intact, want %d: %+v", seed, loss, intact(heard, 500), want, st)
		}
	}
}

// TestWideband: at 16 kHz a timestamp of an 8 kHz clock stands for two samples, as with G.722.
func TestWideband(t *testing.T) {
	b := New(Options{ClockRate: 8000, SampleRate: 16000})
	var pcm, heard []int16
	pcm = make([]int16, 2*frame)
	for i := range 20 {
		if i < 10 {
			p := Packet{Sequence: uint16(i), Timestamp: uint32(i * frame), Decoder: plain{}}
			for k := range 2 * frame {
				x := value(i*2*frame + k)
				p.Payload = append(p.Payload, byte(x>>8), byte(x))
			}
			b.Put(p)
		}
		b.Pull(pcm)
		heard = append(heard, pcm...)
	}
	const delay = 640
	for i, x := range heard[delay : delay+3200] {
		if x != value(i) {
			t.Fatalf("sample %d is %d, want %d", i, x, value(i))
		}
	}
}

// sine is packet n of a sine.
func sine(n int, hz float64) Packet {
	p := Packet{Sequence: uint16(n), Timestamp: uint32(n * frame), SSRC: 7, Decoder: plain{}}
	for i := range frame {
		x := int16(8000 * math.Sin(2*math.Pi*hz*float64(n*frame+i)/8000))
		p.Payload = append(p.Payload, byte(x>>8), byte(x))
	}
	return p
}

// TestConcealment: a voice's pitch goes on through a lost packet without a click, a longer gap fades away within 60 ms.
func TestConcealment(t *testing.T) {
	for _, hz := range []float64{100, 180, 250} {
		var stream []arrival
		for i := range 60 {
			if i != 20 && (i < 40 || i >= 50) {
				stream = append(stream, arrival{i, sine(i, hz)})
			}
		}
		heard := hear(New(Options{}), stream, 62)
		const delay = 320
		var noise, signal float64
		for i := 20 * frame; i < 21*frame+crossFade; i++ {
			want := 8000 * math.Sin(2*math.Pi*hz*float64(i)/8000)
			noise += math.Pow(float64(heard[delay+i])-want, 2)
			signal += want * want
		}
		if snr := 10 * math.Log10(signal/noise); snr < 10 {
			t.Errorf("%g Hz: SNR %.1f dB in a lost packet", hz, snr)
		}
		largest := int(8000*2*math.Pi*hz/8000*2) + 400
		for i := delay + 1; i < len(heard)-2*frame; i++ {
			if d := int(heard[i]) - int(heard[i-1]); d > largest || d < -largest {
				t.Errorf("%g Hz: a click of %d at sample %d", hz, d, i-delay)
			}
		}
		for i, x := range heard[delay+40*frame+vanished : delay+50*frame] {
			if x != 0 {
				t.Fatalf("%g Hz: sample %d of a long gap is %d", hz, vanished+i, x)
			}
		}
	}
}

// TestAllocatesNothing counts what a packet and its pull leave to the garbage collector, with some loss.
func TestAllocatesNothing(t *testing.T) {
	b, put := steady()
	for range 200 {
		put()
	}
	if n := testing.AllocsPerRun(1000, put); n != 0 {
		t.Errorf("%g allocations for a packet", n)
	}
	if st := b.Stats(); st.Lost == 0 || st.Late > 0 {
		t.Errorf("%+v", st)
	}
}

// steady returns what puts a packet and pulls 20 ms; every 20th packet is lost.
func steady() (*Buffer, func()) {
	b := New(Options{})
	p := sent(0)
	var pcm [frame]int16
	return b, func() {
		p.Sequence++
		p.Timestamp += frame
		if p.Sequence%20 != 0 {
			b.Put(p)
		}
		b.Pull(pcm[:])
	}
}

func BenchmarkPacket(b *testing.B) {
	_, put := steady()
	b.ReportAllocs()
	for b.Loop() {
		put()
	}
}

// FuzzPut: no sequence of packets and pulls panics, and the delay stays within its bounds.
func FuzzPut(f *testing.F) {
	f.Add([]byte{0, 0, 1, 0, 160, 2, 255, 255, 3, 0})
	f.Fuzz(func(t *testing.T, ops []byte) {
		b := New(Options{})
		p := sent(0)
		whole := p.Payload
		var pcm [frame]int16
		for i := 0; i+1 < len(ops); i += 2 {
			x := int16(int8(ops[i+1]))
			switch ops[i] % 6 {
			case 0:
				p.Sequence, p.Timestamp = p.Sequence+1, p.Timestamp+frame
			case 1:
				p.Sequence += uint16(x)
			case 2:
				p.Timestamp += uint32(int32(x) * 1000)
			case 3:
				p.SSRC += uint32(x)
			case 4:
				p.Payload = whole[:int(ops[i+1])&^1]
			case 5:
				b.Pull(pcm[:1+int(ops[i+1])%frame])
			}
			p.Marker = x > 100
			b.Put(p)
		}
		if st := b.Stats(); st.Delay < 0 || st.Delay > 420*time.Millisecond {
			t.Errorf("%+v", st)
		}
	})
}

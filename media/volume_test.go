package media

import (
	"math"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/rtp"
)

// listener decodes what one session sends.
type listener struct {
	mu      sync.Mutex
	decoder Decoder
	pcm     []int16
}

func (l *listener) deliver(_, to netip.AddrPort, packet []byte) {
	var p rtp.Packet
	if to.Port()%2 == 1 || p.Unmarshal(packet) != nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pcm = l.decoder.Decode(l.pcm, p.Payload)
}

// TestVolume: while it plays a sound becomes louder and softer at once and without a click, in every codec, and for its own call only.
func TestVolume(t *testing.T) {
	for _, codec := range Codecs() {
		t.Run(codec.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const hz, level = 440, -20.0
				ears := map[uint16]*listener{20000: {decoder: codec.Decoder()}, 20002: {decoder: codec.Decoder()}}
				e := NewVirtual(func(from, to netip.AddrPort, packet []byte) {
					if ear := ears[to.Port()]; ear != nil {
						ear.deliver(from, to, packet)
					}
				})
				tone := NewCache(0).Source(Tone(ToneOptions{Frequencies: []float64{hz}, Level: level}))
				var playing []*Playback
				for port := range ears {
					s := open(t, e, SessionOptions{})
					s.Configure(Params{Remote: netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port), Codec: codec, PayloadType: codec.PayloadType(), Send: true})
					p, err := s.Play(tone)
					if err != nil {
						t.Fatal(err)
					}
					if port == 20000 {
						playing = append(playing, p)
					}
				}
				p := playing[0]
				changes := []float64{0, 12, -30, 0}
				for _, dB := range changes {
					p.SetVolume(dB)
					time.Sleep(time.Second)
					synctest.Wait()
				}
				if p.volume != nil && !codec.hasMemory() {
					t.Error("at 0 dB the call still makes frames of its own")
				}
				e.Close()
				rate := codec.SampleRate()
				for i, dB := range changes {
					part := ears[20000].pcm[i*rate+rate/10 : (i+1)*rate-rate/10]
					if got := power(codec, part); math.Abs(got-level-dB) > 0.3 {
						t.Errorf("%.2f dBm0 after a change to %g dB", got, dB)
					}
				}
				if got := power(codec, ears[20002].pcm[rate/10:]); math.Abs(got-level) > 0.3 {
					t.Errorf("another call hears %.2f dBm0", got)
				}
				loudest := codec.Amplitude(level + 12)
				steepest := loudest*2*math.Pi*hz/float64(rate) + 0.06*loudest // and what the codec adds
				for i := 1; i < len(ears[20000].pcm); i++ {
					if step := math.Abs(float64(ears[20000].pcm[i]) - float64(ears[20000].pcm[i-1])); step > steepest {
						t.Fatalf("a click of %.0f at %v, a sine has no more than %.0f", step, time.Duration(i)*time.Second/time.Duration(rate), steepest)
					}
				}
			})
		})
	}
}

// TestVolumeDoesNotClick: the change from sample to sample is spread over the frame, so that a loud constant does not jump.
func TestVolumeDoesNotClick(t *testing.T) {
	clip := clipOf(t, constant(8000), L16, 20*time.Millisecond)
	v := newVolume(clip, 0)
	v.target = 0.1
	pcm := L16.Decode(nil, v.frame(clip.Frame(0)))
	for i := 1; i < len(pcm); i++ {
		if step := pcm[i-1] - pcm[i]; step < 0 || step > 8000*9/10/160+2 {
			t.Fatalf("a step of %d at sample %d", step, i)
		}
	}
	if last := pcm[len(pcm)-1]; last != 800 {
		t.Errorf("ends at %d, want 800", last)
	}
	v.target = 100
	v.frame(clip.Frame(1))
	if loud := L16.Decode(nil, v.frame(clip.Frame(2))); loud[0] != math.MaxInt16 {
		t.Errorf("too loud becomes %d", loud[0])
	}
}

// constant is a source of one value.
type constant int16

func (c constant) Clip(codec Codec, ptime time.Duration) (*Clip, error) {
	clip, err := newClip(codec, ptime)
	if err != nil {
		return nil, err
	}
	samples := make([]int16, codec.FrameSamples(ptime))
	for i := range samples {
		samples[i] = int16(c)
	}
	clip.payload, clip.loop = codec.Encode(nil, samples), 1
	return clip, nil
}

// TestVolumeSurvivesAnotherCodec: after a re-INVITE with another codec the sound is as loud as before.
func TestVolumeSurvivesAnotherCodec(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ear := &listener{decoder: PCMU.Decoder()}
		e := NewVirtual(ear.deliver)
		s := open(t, e, SessionOptions{})
		params := Params{Remote: netip.MustParseAddrPort("127.0.0.1:20000"), Codec: PCMU, Send: true}
		s.Configure(params)
		p, err := s.Play(Tone(ToneOptions{Frequencies: []float64{440}, Level: -10}))
		if err != nil {
			t.Fatal(err)
		}
		p.SetVolume(-20)
		time.Sleep(time.Second)
		ear.mu.Lock()
		ear.decoder, ear.pcm = PCMA.Decoder(), nil
		ear.mu.Unlock()
		params.Codec, params.PayloadType = PCMA, 8
		s.Configure(params)
		time.Sleep(time.Second)
		e.Close()
		if got := power(PCMA, ear.pcm); math.Abs(got+30) > 0.3 {
			t.Errorf("%.2f dBm0, want -30", got)
		}
		p.SetVolume(0) // once it has ended it does nothing
	})
}

func BenchmarkVolume(b *testing.B) {
	clip, err := Tone(ToneOptions{Frequencies: []float64{440}, Level: -10}).Clip(PCMU, 20*time.Millisecond)
	if err != nil {
		b.Fatal(err)
	}
	v := newVolume(clip, 0)
	v.target = 0.5
	v.frame(clip.Frame(0))
	b.ReportAllocs()
	for b.Loop() {
		v.frame(clip.Frame(1))
	}
}

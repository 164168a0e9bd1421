package media

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/rtp"

	"offhook/media/dtmf"
)

var sixteen = []Codec{G722, L16Wideband}

// TestToneInEveryCodec: frequency, level and length as heard, at the codec's own sample rate; what the two bands of 16 kHz are for, too.
func TestToneInEveryCodec(t *testing.T) {
	for _, codec := range Codecs() {
		frequencies := []float64{300, 440, 1004, 3300}
		if codec.SampleRate() == 16000 {
			frequencies = append(frequencies, 5000, 6800)
		}
		for _, hz := range frequencies {
			o := ToneOptions{Frequencies: []float64{hz}, Level: -10, Duration: 3*time.Second + 7*time.Millisecond, Ramp: 5 * time.Millisecond}
			c := clipOf(t, Tone(o), codec, 20*time.Millisecond)
			if c.Len() != 151 {
				t.Errorf("%v: %d frames, want 151", codec, c.Len())
			}
			r := measured(codec, heard(t, c, c.Len()))
			if len(r.Tones) != 1 {
				t.Errorf("%v, %g Hz: tones %+v", codec, hz, r.Tones)
				continue
			}
			tone, least := r.Tones[0], 33.0
			if codec == G722 && hz > 4000 {
				least = 12 // 2 bits are all that the upper band has
			}
			if math.Abs(tone.Frequency-hz) > 0.1 || math.Abs(tone.Level+10) > 0.2 || tone.SINAD < least ||
				tone.Start > 6*time.Millisecond || (tone.Duration-o.Duration).Abs() > 8*time.Millisecond {
				t.Errorf("%v, %g Hz: %+v", codec, hz, tone)
			}
		}
	}
}

// TestLoopOfG722: for a minute there is no click where the loop begins anew, though the codec remembers what was before.
func TestLoopOfG722(t *testing.T) {
	for _, hz := range []float64{440, 1000, 440.05} {
		c := clipOf(t, Tone(ToneOptions{Frequencies: []float64{hz}, Level: -10}), G722, 20*time.Millisecond)
		if c.Len() != 0 || c.Bytes() > 3*160*1000 {
			t.Fatalf("%d frames, %d bytes", c.Len(), c.Bytes())
		}
		pcm := heard(t, c, 3000)[16000:]
		for at := 0; at+3200 <= len(pcm); at += 1600 {
			part := pcm[at : at+3200]
			var sine, cosine, power float64
			for i, x := range part {
				s, c := math.Sincos(2 * math.Pi * hz * float64(at+i) / 16000)
				sine += float64(x) * s / 1600
				cosine += float64(x) * c / 1600
				power += float64(x) * float64(x) / 3200
			}
			amplitude := math.Hypot(sine, cosine)
			level := 20 * math.Log10(amplitude/G722.Amplitude(0))
			sdr := 10 * math.Log10(amplitude*amplitude/2/(power-amplitude*amplitude/2))
			if math.Abs(level+10) > 0.15 || sdr < 29 { // between the seams 33 dB and more
				t.Fatalf("%g Hz: %.2f dBm0 and %.1f dB to distortion after %d samples", hz, level, sdr, at)
			}
		}
	}
}

// TestCadenceOfG722: the bursts are where they belong, the filters' 22 samples later.
func TestCadenceOfG722(t *testing.T) {
	for _, codec := range sixteen {
		c := clipOf(t, Tone(spoken(t, "uk.busy", -10)), codec, 20*time.Millisecond)
		tones := measured(codec, heard(t, c, 600)).Tones
		if len(tones) != 16 {
			t.Errorf("%v: %d bursts in 12 s, want 16", codec, len(tones))
		}
		for i, tone := range tones {
			if (tone.Start-time.Duration(i)*750*time.Millisecond).Abs() > 4*time.Millisecond || (tone.Duration-375*time.Millisecond).Abs() > 6*time.Millisecond ||
				math.Abs(tone.Level+10) > 0.2 {
				t.Errorf("%v: burst %d: %+v", codec, i, tone)
			}
		}
	}
}

func TestNoiseAndSilenceAt16kHz(t *testing.T) {
	for _, codec := range sixteen {
		for _, name := range []string{"noise.white", "noise.pink"} {
			c := clipOf(t, Tone(spoken(t, name, -20)), codec, 20*time.Millisecond)
			if level := power(codec, heard(t, c, 1200)); math.Abs(level+20) > 0.3 {
				t.Errorf("%v %s: %.2f dBm0", codec, name, level)
			}
		}
		silent := heard(t, clipOf(t, Silence(time.Minute), codec, 20*time.Millisecond), 3000)
		if most := max(slices.Max(silent), -slices.Min(silent)); most > 0 {
			t.Errorf("%v: silence has a sample of %d", codec, most)
		}
	}
}

// TestFileAt16kHz: a file of 8 kHz sounds in a codec of 16 kHz as long and as high, without mirror frequencies.
func TestFileAt16kHz(t *testing.T) {
	for _, hz := range []float64{300, 1000, 3000, 3500} {
		samples := make([]int16, 16000)
		for i := range samples {
			samples[i] = int16(math.Round(10000 * math.Sin(2*math.Pi*hz*float64(i)/8000)))
		}
		src, err := File(writeWAV(t, fmt.Sprintf("%g.wav", hz), 8000, samples))
		if err != nil {
			t.Fatal(err)
		}
		for _, codec := range sixteen {
			c := clipOf(t, src, codec, 30*time.Millisecond)
			if c.Len() != 67 { // 66.7
				t.Errorf("%v: %d frames of 30 ms", codec, c.Len())
			}
			least, mirror := 25.0, -40.0 // G.722 has 2 bits for what the mirror would be in
			if codec == L16Wideband {
				least, mirror = 50, -55
			}
			pcm := heard(t, c, c.Len())
			tones := measured(codec, pcm).Tones
			if len(tones) != 1 || math.Abs(tones[0].Frequency-hz) > 0.05 || (tones[0].Duration-2*time.Second).Abs() > 6*time.Millisecond || tones[0].SINAD < least {
				t.Errorf("%v, %g Hz: %+v", codec, hz, tones)
			}
			if got, image := lineLevel(pcm[1600:17600], hz), lineLevel(pcm[1600:17600], 8000-hz); math.Abs(got) > 0.15 || image > mirror {
				t.Errorf("%v, %g Hz: %.2f dB, its mirror %.1f dB", codec, hz, got, image)
			}
		}
	}
}

// lineLevel is that of one frequency at 16 kHz in dB to a peak of 10000.
func lineLevel(pcm []int16, hz float64) float64 {
	var sine, cosine float64
	for i, x := range pcm {
		s, c := math.Sincos(2 * math.Pi * hz * float64(i) / 16000)
		sine += float64(x) * s
		cosine += float64(x) * c
	}
	return 20 * math.Log10(2*math.Hypot(sine, cosine)/float64(len(pcm))/10000)
}

// TestFileFromAndRepeated: what is cut and repeated is as exact in octets of two samples and samples of two octets.
func TestFileFromAndRepeated(t *testing.T) {
	samples := make([]int16, 1601)
	for i := range samples {
		samples[i] = int16(10 * i)
	}
	src, err := File(writeWAV(t, "odd.wav", 16000, samples))
	if err != nil {
		t.Fatal(err)
	}
	cut := From(Repeat(src, 2), 50*time.Millisecond)
	got := heard(t, clipOf(t, cut, L16Wideband, 20*time.Millisecond), 8)
	if want := append(slices.Concat(samples[800:], samples), make([]int16, 160-2)...); !slices.Equal(got[:len(want)], want) {
		t.Errorf("L16: the same to sample %d", same(got, want))
	}
	if n := clipOf(t, cut, G722, 20*time.Millisecond).Len(); n != 8 {
		t.Errorf("G722: %d frames, want 8", n)
	}
}

// TestStreamInEveryCodec: packets are as long as ptime says and the timestamp counts the RTP clock, which for G.722 is not its samples.
func TestStreamInEveryCodec(t *testing.T) {
	for _, codec := range Codecs() {
		synctest.Test(t, func(t *testing.T) {
			p := newPeer(t, SessionOptions{})
			params := testParams()
			params.Codec, params.PayloadType = codec, codec.PayloadType()
			p.session.Configure(params)
			p.await(p.play(time.Second))
			if len(p.rtp) != 50 {
				t.Fatalf("%v: %d packets", codec, len(p.rtp))
			}
			for i, h := range p.rtp {
				if h.PayloadType != codec.PayloadType() || len(h.Payload) != codec.FrameSize(testPtime) || h.Timestamp != p.rtp[0].Timestamp+uint32(i*codec.ClockRate()/50) {
					t.Fatalf("%v: packet %d: payload type %d, %d octets, timestamp %d", codec, i, h.PayloadType, len(h.Payload), h.Timestamp-p.rtp[0].Timestamp)
				}
			}
		})
	}
}

// TestCodecChange: a re-INVITE from PCMU to G.722 and on to L16 at 16 kHz: the tone goes on where it was, and the timestamp with the time.
func TestCodecChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeer(t, SessionOptions{})
		playback := p.play(3 * time.Second)
		for _, codec := range []Codec{G722, L16Wideband} {
			p.sleep(time.Second - time.Millisecond)
			params := testParams()
			params.Codec, params.PayloadType = codec, codec.PayloadType()
			p.session.Configure(params)
			p.sleep(time.Millisecond)
		}
		p.await(playback)
		if r := playback.Result(); r.Status != PlayDone || r.Position != 3*time.Second || len(p.rtp) != 150 {
			t.Errorf("%+v, %d packets", r, len(p.rtp))
		}
		for i, h := range p.rtp[1:] {
			want := uint32(160)
			if h.PayloadType == L16Wideband.PayloadType() && p.rtp[i].PayloadType == h.PayloadType {
				want = 320
			}
			if got := h.Timestamp - p.rtp[i].Timestamp; got != want {
				t.Errorf("packet %d, payload type %d: timestamp %d on, want %d", i+1, h.PayloadType, got, want)
			}
		}
	})
}

// TestAsymmetricPayloadTypes: we send with the numbers of the answer, and the far end with those of the offer.
func TestAsymmetricPayloadTypes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeer(t, SessionOptions{})
		params := testParams()
		params.Codec, params.PayloadType, params.DTMFPayloadType = L16Wideband, 110, 96
		params.Offered = PayloadTypes{Audio: 96, DTMF: 102} // 96 is sound from there, and digits to there
		p.session.Configure(params)
		echo, err := p.session.Echo(EchoOptions{})
		if err != nil {
			t.Fatal(err)
		}
		c := clipOf(t, Tone(ToneOptions{Frequencies: []float64{1000}, Level: -10}), L16Wideband, testPtime)
		for i := range 50 {
			p.say(L16Wideband, i, c.Frame(int64(i))) // as 96
		}
		press, err := (&rtp.Packet{
			Header:  rtp.Header{Version: 2, PayloadType: 102, SequenceNumber: 50, SSRC: 7, Timestamp: 50 * 320},
			Payload: dtmf.Payload{Event: 5, End: true, Duration: 1600}.Append(nil),
		}).Marshal()
		if err != nil || !p.engine.Inject(p.session.Addr(), peerRTP, press) {
			t.Fatal(err)
		}
		echo.Stop()
		p.sleep(testPtime)
		if want := (Event{Kind: EventDigit, Digit: '5', Duration: 100 * time.Millisecond}); !slices.Equal(p.heardEvents(), []Event{want}) {
			t.Errorf("events %v, want %v", p.heardEvents(), want)
		}
		var pcm []int16
		for _, h := range p.rtp {
			if h.PayloadType != 110 {
				t.Fatalf("sent with payload type %d", h.PayloadType)
			}
			pcm = L16Wideband.Decode(pcm, h.Payload)
		}
		if tone, _ := measured(L16Wideband, pcm).Longest(); math.Abs(tone.Frequency-1000) > 0.1 || tone.Duration < 800*time.Millisecond {
			t.Errorf("the echo is %+v", tone)
		}
		sent := len(p.rtp)
		keys, err := p.session.SendDTMF("7", 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		p.await(keys)
		if h := p.rtp[sent]; h.PayloadType != 96 {
			t.Errorf("a digit with payload type %d, want 96", h.PayloadType)
		}
	})
}

// TestNoClickInReInvite changes codec and ptime at once, also where no frame of the new ptime begins: the far end hears one tone all along.
func TestNoClickInReInvite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeer(t, SessionOptions{})
		playback := p.play(3 * time.Second)
		for i, ptime := range []time.Duration{30, 40, 10, 60, 50, 20} {
			p.sleep(time.Duration(310+10*i)*time.Millisecond - time.Millisecond)
			params := testParams()
			params.Codec, params.Ptime = [...]Codec{PCMA, PCMU, L16}[i%3], ptime*time.Millisecond
			params.PayloadType = params.Codec.PayloadType()
			p.session.Configure(params)
			p.sleep(time.Millisecond)
		}
		p.await(playback)
		if r := playback.Result(); r.Status != PlayDone || r.Position != 3*time.Second {
			t.Errorf("%+v", r)
		}
		codecs, lengths := map[uint8]Codec{}, map[int]bool{}
		for _, c := range Codecs() {
			codecs[c.PayloadType()] = c
		}
		var pcm []int16
		for i, h := range p.rtp {
			if got := int(h.Timestamp - p.rtp[0].Timestamp); got != len(pcm) {
				t.Fatalf("packet %d: timestamp %d on, after %d samples", i, got, len(pcm))
			}
			if got := h.at - p.rtp[0].at; got != time.Duration(len(pcm))*time.Second/8000 {
				t.Fatalf("packet %d: sent %v after the first, after %d samples", i, got, len(pcm))
			}
			before := len(pcm)
			pcm = codecs[h.PayloadType].Decode(pcm, h.Payload)
			lengths[len(pcm)-before] = true
		}
		if len(pcm) != 24000 || len(lengths) < 6 {
			t.Errorf("%d samples, in packets of %v", len(pcm), lengths)
		}
		for at := 0; at+800 <= len(pcm); at += 400 {
			if sdr := toneToRest(pcm[at:at+800], 440, 8000); sdr < 30 {
				t.Errorf("after %d samples: the rest is only %.1f dB below the tone", at, sdr)
			}
		}
	})
}

// toneToRest is how far all else lies below a tone, in dB; the samples hold whole periods.
func toneToRest(pcm []int16, hz, rate float64) float64 {
	var sine, cosine, power float64
	for i, x := range pcm {
		s, c := math.Sincos(2 * math.Pi * hz * float64(i) / rate)
		sine += float64(x) * s
		cosine += float64(x) * c
		power += float64(x) * float64(x)
	}
	tone := 2 * (sine*sine + cosine*cosine) / float64(len(pcm))
	return 10 * math.Log10(tone/(power-tone))
}

// TestEchoInEveryCodec: what is heard comes back, decoded and encoded as one stream each way.
func TestEchoInEveryCodec(t *testing.T) {
	for _, codec := range Codecs() {
		synctest.Test(t, func(t *testing.T) {
			p := newPeer(t, SessionOptions{})
			params := testParams()
			params.Codec, params.PayloadType = codec, codec.PayloadType()
			p.session.Configure(params)
			echo, err := p.session.Echo(EchoOptions{})
			if err != nil {
				t.Fatal(err)
			}
			c := clipOf(t, Tone(ToneOptions{Frequencies: []float64{1000}, Level: -10}), codec, testPtime)
			for i := range 150 {
				p.say(codec, i, c.Frame(int64(i)))
			}
			echo.Stop()
			p.sleep(testPtime)
			var pcm []int16
			decoder := codec.Decoder()
			for _, h := range p.rtp {
				pcm = decoder.Decode(pcm, h.Payload)
			}
			r := measured(codec, pcm)
			if tone, _ := r.Longest(); math.Abs(tone.Frequency-1000) > 0.1 || math.Abs(tone.Level+10) > 0.3 || tone.Duration < 2500*time.Millisecond || tone.SINAD < 30 {
				t.Errorf("%v: %+v", codec, r)
			}
		})
	}
}

// say sends packet i of a stream to the session, and lets its time pass.
func (p *peer) say(codec Codec, i int, payload []byte) {
	p.t.Helper()
	b, err := (&rtp.Packet{
		Header: rtp.Header{
			Version: 2, PayloadType: codec.PayloadType(), SequenceNumber: uint16(i), SSRC: 7, Timestamp: uint32(i * codec.ClockRate() / 50),
		},
		Payload: payload,
	}).Marshal()
	if err != nil || !p.engine.Inject(p.session.Addr(), peerRTP, b) {
		p.t.Fatal(err)
	}
	p.sleep(testPtime)
}

// TestEchoAndCodecChange: an echo goes on in a codec of its sample rate, however large its frames, and ends in one of another.
func TestEchoAndCodecChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeer(t, SessionOptions{})
		echo, err := p.session.Echo(EchoOptions{})
		if err != nil {
			t.Fatal(err)
		}
		p.sleep(100 * time.Millisecond)
		params := testParams()
		params.Codec, params.PayloadType = L16, L16.PayloadType()
		p.session.Configure(params)
		p.sleep(100 * time.Millisecond)
		if last := p.rtp[len(p.rtp)-1]; last.PayloadType != L16.PayloadType() || len(last.Payload) != 320 || echo.Result().Status != "" {
			t.Errorf("payload type %d, %d octets, status %q", last.PayloadType, len(last.Payload), echo.Result().Status)
		}
		params.Codec, params.PayloadType = G722, 9
		p.session.Configure(params)
		p.await(echo)
		if r := echo.Result(); r.Status != PlayFailed {
			t.Errorf("status %q, want %q", r.Status, PlayFailed)
		}
	})
}

// TestDigitsAtTheClockOfTheAudio: telephone-event counts in the clock of the audio, 16 kHz beside L16/16000.
func TestDigitsAtTheClockOfTheAudio(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeer(t, SessionOptions{})
		params := testParams()
		params.Codec, params.PayloadType = L16Wideband, 96
		p.session.Configure(params)
		playback, err := p.session.SendDTMF("7", 100*time.Millisecond, 60*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		p.await(playback)
		for i, h := range p.rtp {
			e, err := dtmf.Parse(h.Payload)
			if err != nil || h.Timestamp != p.rtp[0].Timestamp || e.Duration != uint16(min(i+1, 5)*320) {
				t.Errorf("packet %d: %+v, timestamp %d on, %v", i, e, h.Timestamp-p.rtp[0].Timestamp, err)
			}
		}
		b, err := (&rtp.Packet{
			Header:  rtp.Header{Version: 2, PayloadType: 101, SequenceNumber: 1, Timestamp: 1000},
			Payload: dtmf.Payload{Event: 5, End: true, Duration: 1600}.Append(nil),
		}).Marshal()
		if !p.engine.Inject(p.session.Addr(), peerRTP, b) || err != nil {
			t.Fatal(err)
		}
		p.sleep(testPtime)
		if want := (Event{Kind: EventDigit, Digit: '5', Duration: 100 * time.Millisecond}); !slices.Equal(p.heardEvents(), []Event{want}) {
			t.Errorf("events %v, want %v", p.heardEvents(), want)
		}
	})
}

func BenchmarkClipG722(b *testing.B) {
	b.ReportAllocs()
	s := Tone(ToneOptions{Frequencies: []float64{440}, Level: -10, Duration: 30 * time.Second})
	for b.Loop() {
		if _, err := s.Clip(G722, 20*time.Millisecond); err != nil {
			b.Fatal(err)
		}
	}
}

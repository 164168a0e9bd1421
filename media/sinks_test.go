package media

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"offhook/media/wav"
)

// network carries packets between the sessions of a virtual engine.
type network struct {
	engine *Engine
	delay  time.Duration

	mu     sync.Mutex
	random *rand.Rand
	loss   float64
	jitter time.Duration
}

func (n *network) deliver(from, to netip.AddrPort, packet []byte) {
	n.mu.Lock()
	lost, delay := n.random.Float64() < n.loss, n.delay
	if n.jitter > 0 {
		delay += time.Duration(n.random.Int64N(int64(n.jitter)))
	}
	n.mu.Unlock()
	if to.Port()%2 == 0 && lost {
		return
	}
	packet = slices.Clone(packet)
	time.AfterFunc(delay, func() { n.engine.Inject(to, from, packet) })
}

// pair makes two sessions that send to each other over a network with a delay of 10 ms.
func pair(t *testing.T) (n *network, a, b *Session) {
	t.Helper()
	n = &network{delay: 10 * time.Millisecond, random: rand.New(rand.NewPCG(3, 4))}
	n.engine = NewVirtual(n.deliver)
	t.Cleanup(func() { n.engine.Close() })
	o := SessionOptions{Local: netip.MustParseAddr("192.0.2.1")}
	a, b = open(t, n.engine, o), open(t, n.engine, o)
	join(a, b)
	return n, a, b
}

func begin(t testing.TB, s *Session, src Source) *Playback {
	t.Helper()
	p, err := s.Play(src)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func recordTo(t testing.TB, s *Session, o RecordOptions) *Recording {
	t.Helper()
	r, err := s.Record(o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// samplesOf is what a source sounds like once it was sent.
func pcmOf(t testing.TB, src Source) (pcm []int16) {
	t.Helper()
	clip, err := src.Clip(PCMU, defaultPtime)
	if err != nil {
		t.Fatal(err)
	}
	for i := range clip.Len() {
		pcm = PCMU.Decode(pcm, clip.Frame(i))
	}
	return pcm
}

// recorded reads a recording: one slice for each channel.
func recorded(t testing.TB, path string) (channels [][]int16) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := wav.NewReader(f)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	channels = make([][]int16, r.Channels)
	for i := 44; i+1 < len(raw); i += 2 {
		c := (i - 44) / 2 % len(channels)
		channels[c] = append(channels[c], int16(raw[i])|int16(raw[i+1])<<8)
	}
	if size := int(uint32(raw[40]) | uint32(raw[41])<<8 | uint32(raw[42])<<16); size != len(raw)-44 {
		t.Errorf("%s: header tells of %d octets, there are %d", path, size, len(raw)-44)
	}
	return channels
}

// offset is where a piece of sound is in another; -1 = nowhere.
func offset(sound, piece []int16) int {
	for i := 0; i+len(piece) <= len(sound); i++ {
		if slices.Equal(sound[i:i+len(piece)], piece) {
			return i
		}
	}
	return -1
}

// babble is noise of so many frames, in which no place is like another.
type babble int

func (n babble) Clip(c Codec, ptime time.Duration) (*Clip, error) {
	clip, err := newClip(c, ptime)
	if err != nil {
		return nil, err
	}
	random := rand.New(rand.NewPCG(5, 6))
	for range int(n) * clip.frameSize {
		clip.payload = append(clip.payload, byte(random.IntN(256)))
	}
	clip.intro, clip.total = int64(n), int64(n)
	return clip, nil
}

// TestRecordIsWhatWasSent: while nothing is lost a recording holds the very samples that were sent, up to the hang-up.
func TestRecordIsWhatWasSent(t *testing.T) {
	for name, jitter := range map[string]time.Duration{"still": 0, "jitter": 15 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				n, a, b := pair(t)
				n.jitter = jitter
				r := recordTo(t, b, RecordOptions{Dir: dir, Name: "deep/down.wav"})
				p := begin(t, a, babble(150))
				<-p.Done()
				time.Sleep(30 * time.Millisecond)
				b.Close()
				res := r.Result()
				if res.Reason != RecordHangup || res.Err != nil || res.Name != "deep/down.wav" || res.Duration < 3*time.Second || res.Duration > 3200*time.Millisecond {
					t.Errorf("result %+v", res)
				}
				pcm := recorded(t, filepath.Join(dir, "deep/down.wav"))
				if len(pcm) != 1 || int64(2*len(pcm[0])+44) != res.Bytes {
					t.Errorf("%d channels, %d samples for %d octets", len(pcm), len(pcm[0]), res.Bytes)
				}
				if at := offset(pcm[0], pcmOf(t, babble(150))); at < 0 || at > 8*120 {
					t.Errorf("what was sent is at sample %d of the recording", at)
				}
			})
			if left, _ := filepath.Glob(dir + "/*/*.part.wav"); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// TestRecordBothSides: on the left is what is heard, on the right what is said, at the same time; and both together on one channel.
func TestRecordBothSides(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		_, a, b := pair(t)
		stereo := recordTo(t, b, RecordOptions{Dir: dir, Name: "stereo.wav", Stereo: true})
		both := recordTo(t, b, RecordOptions{Dir: dir, Name: "both.wav", Both: true})
		said := Tone(ToneOptions{Frequencies: []float64{441}, Level: -20, Duration: 500 * time.Millisecond})
		begin(t, a, babble(50))
		time.Sleep(200 * time.Millisecond)
		<-begin(t, b, said).Done()
		time.Sleep(time.Second)
		stereo.Stop("")
		both.Mask(true)
		time.Sleep(time.Second)
		both.Stop("enough")
		if r := stereo.Result(); r.Reason != RecordStopped || r.Duration < 1600*time.Millisecond {
			t.Errorf("result %+v", r)
		}
		if r := both.Result(); r.Reason != "enough" || r.Duration < 2600*time.Millisecond {
			t.Errorf("result %+v", r)
		}
		pcm, mixed := recorded(t, dir+"/stereo.wav"), recorded(t, dir+"/both.wav")[0]
		if len(pcm) != 2 {
			t.Fatalf("%d channels", len(pcm))
		}
		left, right := offset(pcm[0], pcmOf(t, babble(50))), offset(pcm[1], pcmOf(t, said))
		if left < 0 || right < 0 || right-left < 8*100 || right-left > 8*200 {
			t.Errorf("heard at sample %d, said at sample %d", left, right)
		}
		for i := range pcm[0] {
			if want := max(-32768, min(32767, int(pcm[0][i])+int(pcm[1][i]))); int(mixed[i]) != want {
				t.Fatalf("sample %d of both is %d, want %d", i, mixed[i], want)
			}
		}
		if tail := mixed[len(pcm[0])+160:]; slices.Max(tail) != 0 || slices.Min(tail) != 0 {
			t.Error("sound where it was masked")
		}
	})
}

// TestRecordEnds: by length and by silence, and what trimming leaves.
func TestRecordEnds(t *testing.T) {
	cases := []struct {
		name     string
		options  RecordOptions
		reason   RecordReason
		duration time.Duration
	}{
		{"length", RecordOptions{Max: 700 * time.Millisecond}, RecordMax, 700 * time.Millisecond},
		{"silence", RecordOptions{Silence: time.Second}, RecordSilence, 2580 * time.Millisecond},
		{"trimmed", RecordOptions{Silence: time.Second, Trim: true}, RecordSilence, 1200 * time.Millisecond},
		{"trimmed to nothing", RecordOptions{Max: 300 * time.Millisecond, Trim: true}, RecordMax, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				_, a, b := pair(t)
				c.options.Dir, c.options.Name = dir, "a.wav"
				r := recordTo(t, b, c.options)
				time.Sleep(500 * time.Millisecond)
				begin(t, a, babble(50))
				res := r.Result()
				if res.Reason != c.reason || (res.Duration-c.duration).Abs() > 60*time.Millisecond || res.Err != nil {
					t.Errorf("result %+v, want %v for %v", res, c.reason, c.duration)
				}
				pcm := recorded(t, dir+"/a.wav")[0]
				if d := time.Duration(len(pcm)) * time.Second / 8000; d != res.Duration {
					t.Errorf("a file of %v", d)
				}
				if c.options.Trim && c.duration > 0 {
					if at := offset(pcm, pcmOf(t, babble(50))); at < 0 || at > 960 {
						t.Errorf("what was sent is at sample %d", at)
					}
				}
			})
		})
	}
}

// TestRecordConceals: with loss a recording keeps its length, and what is there is in its place.
func TestRecordConceals(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		n, a, b := pair(t)
		n.loss = 0.1
		r := recordTo(t, b, RecordOptions{Dir: dir, Name: "a.wav"})
		<-begin(t, a, Tone(ToneOptions{Frequencies: []float64{400}, Level: -10, Duration: 4 * time.Second})).Done()
		r.Stop("")
		if st := b.Stats(); st.Received.Lost < 5 || r.Result().Err != nil {
			t.Errorf("%+v, %+v", st.Received, r.Result())
		}
		pcm := recorded(t, dir+"/a.wav")[0]
		want := pcmOf(t, Tone(ToneOptions{Frequencies: []float64{400}, Level: -10, Duration: 3 * time.Second}))
		best := math.Inf(-1)
		for at := range 1200 {
			var noise, signal float64
			for i, x := range want {
				noise += math.Pow(float64(pcm[at+i])-float64(x), 2)
				signal += float64(x) * float64(x)
			}
			best = max(best, 10*math.Log10(signal/noise))
		}
		if best < 15 {
			t.Errorf("SNR %.1f dB with a packet of ten lost", best)
		}
	})
}

// TestLatePackets: those that jitter holds up for too long are counted, also when nobody listens any more.
func TestLatePackets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, a, b := pair(t)
		n.jitter = 400 * time.Millisecond
		l := listenFor(t, b, ForTone([]float64{3000}, time.Second, -10))
		begin(t, a, babble(200))
		time.Sleep(3 * time.Second)
		during := b.Stats().Received
		l.Stop()
		l.Result()
		time.Sleep(time.Second)
		if after := b.Stats().Received; during.Late == 0 || during.Late > during.Packets || after.Late < during.Late || after.Late > during.Late+2 {
			t.Errorf("%d of %d packets late, then %d", during.Late, during.Packets, after.Late)
		}
	})
}

func TestRecordStaysInTheFolder(t *testing.T) {
	dir := t.TempDir()
	if err := errors.Join(os.Mkdir(dir+"/in", 0o755), os.Mkdir(dir+"/out", 0o755), os.Symlink("../out", dir+"/in/link")); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		_, a, _ := pair(t)
		for _, name := range []string{"../out/a.wav", "/a.wav", "link/a.wav", "a", ".wav", "", "b/../../a.wav", "a.mp3"} {
			if r, err := a.Record(RecordOptions{Dir: dir + "/in", Name: name}); err == nil {
				t.Errorf("%q is recorded", name)
				r.Stop("")
			}
		}
	})
	for _, sub := range []string{"in", "out"} {
		entries, _ := os.ReadDir(filepath.Join(dir, sub))
		for _, e := range entries {
			if e.Name() != "link" {
				t.Errorf("left in %s: %s", sub, e.Name())
			}
		}
	}
}

// TestRecordTooLate: a session that is closed while the file is made leaves none.
func TestRecordTooLate(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		n, a, _ := pair(t)
		n.engine.create = func(dir, name string) (file, error) {
			a.Close()
			return createFile(dir, name)
		}
		for range 2 {
			if _, err := a.Record(RecordOptions{Dir: dir, Name: "a.wav"}); !errors.Is(err, ErrClosed) {
				t.Errorf("error %v", err)
			}
		}
	})
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// smallDisk is a file on a disk that has room for so many octets.
type smallDisk struct {
	file
	room int
	err  error
}

func (d *smallDisk) Write(b []byte) (int, error) {
	at, err := d.Seek(0, 1)
	if err != nil {
		return 0, err
	}
	if over := int(at) + len(b) - d.room; over > 0 {
		n, _ := d.file.Write(b[:max(0, len(b)-over)])
		return n, &fs.PathError{Op: "write", Path: "a.wav", Err: d.err}
	}
	return d.file.Write(b)
}

// TestRecordToAFullDisk: the recording ends with what fitted, and the call goes on.
func TestRecordToAFullDisk(t *testing.T) {
	for want, cause := range map[RecordReason]error{RecordDiskFull: syscall.ENOSPC, RecordFailed: syscall.EIO} {
		t.Run(string(want), func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				n, a, b := pair(t)
				n.engine.create = func(dir, name string) (file, error) {
					f, err := createFile(dir, name)
					return &smallDisk{f, 20001, cause}, err
				}
				r := recordTo(t, b, RecordOptions{Dir: dir, Name: "a.wav"})
				p := begin(t, a, babble(500))
				began := time.Now()
				res := r.Result()
				if res.Reason != want || !errors.Is(res.Err, cause) || time.Since(began) > 2*time.Second || res.Name != "a.wav" || res.Bytes != 20000 {
					t.Errorf("after %v: %+v", time.Since(began), res)
				}
				if pcm := recorded(t, dir+"/a.wav")[0]; offset(pcm, pcmOf(t, babble(50))) < 0 {
					t.Error("what fitted is not in the file")
				}
				<-p.Done()
				if st := b.Stats(); st.Received.Packets < 490 {
					t.Errorf("the call did not go on: %+v", st)
				}
			})
		})
	}
}

// stuckDisk is a file on a disk that does not answer.
type stuckDisk struct {
	file
	stuck <-chan struct{}
}

func (d *stuckDisk) Write(b []byte) (int, error) {
	if len(b) > 100 {
		<-d.stuck
	}
	return d.file.Write(b)
}

func TestRecordToASlowDisk(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		n, a, b := pair(t)
		stuck := make(chan struct{})
		n.engine.create = func(dir, name string) (file, error) {
			f, err := createFile(dir, name)
			return &stuckDisk{f, stuck}, err
		}
		var all []*Recording
		for i := range 10 {
			all = append(all, recordTo(t, b, RecordOptions{Dir: dir, Name: fmt.Sprintf("%d.wav", i)}))
		}
		begin(t, a, babble(2000))
		time.Sleep(30 * time.Second)
		close(stuck)
		for _, r := range all {
			if res := r.Result(); res.Reason != RecordSlowDisk || res.Duration < 5*time.Second || res.Duration > 15*time.Second {
				t.Errorf("%+v", res)
			}
		}
		if st := b.Stats(); st.Received.Packets < 1400 {
			t.Errorf("the call did not go on: %+v", st)
		}
	})
}

// TestKilledWhileRecording: kill -9 leaves a file that can be read, up to the last second.
func TestKilledWhileRecording(t *testing.T) {
	if dir := os.Getenv("RECORD_UNTIL_KILLED"); dir != "" {
		recordUntilKilled(t, dir)
		return
	}
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilledWhileRecording$", "-test.timeout=60s")
	cmd.Env = append(os.Environ(), "RECORD_UNTIL_KILLED="+dir)
	ready, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 6)
	_, err = ready.Read(line)
	killed := cmd.Process.Kill()
	_ = cmd.Wait() // killed
	if err != nil || killed != nil || !strings.HasPrefix(string(line), "ready") {
		t.Fatalf("%q, %v, %v", line, err, killed)
	}
	left, err := filepath.Glob(dir + "/a.*.part.wav")
	if err != nil || len(left) != 1 {
		t.Fatalf("%v, %v", left, err)
	}
	if pcm := recorded(t, left[0])[0]; len(pcm) < 8000 || offset(pcm, pcmOf(t, babble(40))) < 0 {
		t.Errorf("%d samples, without what was sent", len(pcm))
	}
}

func recordUntilKilled(t *testing.T, dir string) {
	e := testEngine(t, Options{PortMin: 32000, PortMax: 32099, Shards: 1})
	a, b := open(t, e, SessionOptions{}), open(t, e, SessionOptions{})
	join(a, b)
	r := recordTo(t, b, RecordOptions{Dir: dir, Name: "a.wav"})
	begin(t, a, babble(3000))
	for {
		if st, err := os.Stat(filepath.Join(dir, filepath.Base(r.file.temporary))); err != nil || st.Size() >= 44+2*12000 {
			fmt.Println("ready", err)
			break
		}
		<-time.After(10 * time.Millisecond)
	}
	<-r.Done()
}

// TestEcho: what is sent comes back after the delay, sample by sample; what is lost is concealed; and it ends at its length.
func TestEcho(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		_, a, b := pair(t)
		r := recordTo(t, a, RecordOptions{Dir: dir, Name: "a.wav", Stereo: true})
		e, err := b.Echo(EchoOptions{Delay: 200 * time.Millisecond, Max: 3 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		begin(t, a, babble(100))
		<-e.Done()
		if res := e.Result(); res.Status != PlayDone || res.Packets != 150 || res.Position != 3*time.Second {
			t.Errorf("%+v", res)
		}
		r.Stop("")
		r.Result()
		pcm := recorded(t, dir+"/a.wav")
		sent := pcmOf(t, babble(100))
		back, said := offset(pcm[0], sent), offset(pcm[1], sent)
		if trip := time.Duration(back-said) * time.Second / 8000; back < 0 || said < 0 || trip < 260*time.Millisecond || trip > 360*time.Millisecond {
			t.Errorf("said at %d, heard at %d: %v", said, back, trip)
		}
	})
}

func TestEchoIsInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, a, b := pair(t)
		begin(t, a, babble(100))
		e, err := b.Echo(EchoOptions{})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		begin(t, b, Silence(time.Second))
		if res := e.Result(); res.Status != PlayInterrupted || res.Packets < 49 {
			t.Errorf("%+v", res)
		}
		time.Sleep(100 * time.Millisecond)
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.hearing != nil {
			t.Error("the session still listens for nobody")
		}
	})
	synctest.Test(t, func(t *testing.T) {
		_, a, _ := pair(t)
		for _, o := range []EchoOptions{{Delay: -1}, {Delay: 11 * time.Second}, {Max: -1}} {
			if _, err := a.Echo(o); err == nil {
				t.Errorf("%+v is taken", o)
			}
		}
	})
}

func listenFor(t testing.TB, s *Session, what Sought) *Listening {
	t.Helper()
	l, err := s.Listen(what)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestListen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, a, b := pair(t)
		n.loss = 0.02
		all := listenFor(t, b, ForAll(4*time.Second, -55))
		tone := listenFor(t, b, ForTone([]float64{1004}, 300*time.Millisecond, -30))
		other := listenFor(t, b, ForTone([]float64{440}, 100*time.Millisecond, -30))
		speech := listenFor(t, b, ForSpeech(500*time.Millisecond, -45))
		time.Sleep(time.Second)
		<-begin(t, a, Tone(ToneOptions{Frequencies: []float64{1004}, Level: -10, Duration: 2 * time.Second})).Done()
		silence := listenFor(t, b, ForSilence(500*time.Millisecond, -45))
		if h := tone.Result(); !h.Found || math.Abs(h.Frequency-1004) > 0.2 || math.Abs(h.Level+10) > 0.5 || h.Duration != 300*time.Millisecond || (h.At-1050*time.Millisecond).Abs() > 60*time.Millisecond {
			t.Errorf("tone %+v", h)
		}
		if h := speech.Result(); !h.Found || (h.Duration-1560*time.Millisecond).Abs() > 60*time.Millisecond {
			t.Errorf("speech %+v", h)
		}
		if h := silence.Result(); !h.Found || h.Duration > 700*time.Millisecond {
			t.Errorf("silence %+v", h)
		}
		h := all.Result()
		longest, _ := h.Measured.Longest()
		if !h.Found || h.Duration != 4*time.Second || math.Abs(longest.Frequency-1004) > 0.2 || math.Abs(h.Measured.Silence-0.5) > 0.03 {
			t.Errorf("all %+v", h)
		}
		other.Stop()
		if h := other.Result(); h.Found {
			t.Errorf("440 Hz %+v", h)
		}
		left := listenFor(t, b, ForAll(0, -55))
		time.Sleep(time.Second)
		b.Close()
		if h := left.Result(); h.Found || h.Duration < time.Second {
			t.Errorf("until the end %+v", h)
		}
		if _, err := b.Listen(ForAll(0, -55)); !errors.Is(err, ErrClosed) {
			t.Errorf("after the end: %v", err)
		}
	})
}

func TestProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, a, b := pair(t)
		n.delay = 50 * time.Millisecond
		if _, err := b.Echo(EchoOptions{Delay: 100 * time.Millisecond}); err != nil {
			t.Fatal(err)
		}
		l := listenFor(t, a, ForProbe())
		begin(t, a, Probe())
		// There and back, the far end's jitter buffer of 40 to 60 ms, and its delay.
		const want = 2*50*time.Millisecond + 50*time.Millisecond + 100*time.Millisecond
		if h := l.Result(); !h.Found || (h.RoundTrip-want).Abs() > 11*time.Millisecond {
			t.Errorf("%+v, want %v", h, want)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		_, a, b := pair(t)
		begin(t, b, babble(500))
		l := listenFor(t, a, ForProbe())
		begin(t, a, Probe())
		time.Sleep(3 * time.Second)
		l.Stop()
		if h := l.Result(); h.Found {
			t.Errorf("found without an echo: %+v", h)
		}
	})
}

// TestSinksOverSockets: over loopback, with an engine of two threads, an echo is recorded as it was sent.
func TestSinksOverSockets(t *testing.T) {
	dir := t.TempDir()
	e := testEngine(t, Options{Shards: 2})
	a, b := open(t, e, SessionOptions{}), open(t, e, SessionOptions{})
	join(a, b)
	if _, err := b.Echo(EchoOptions{}); err != nil {
		t.Fatal(err)
	}
	r := recordTo(t, a, RecordOptions{Dir: dir, Name: "a.wav"})
	begin(t, a, babble(100))
	tone := listenFor(t, a, ForSilence(500*time.Millisecond, -45))
	<-tone.Done()
	r.Stop("")
	if res := r.Result(); res.Err != nil || res.Duration < 2*time.Second {
		t.Errorf("%+v", res)
	}
	skipped := a.Stats().Sent.Skipped + b.Stats().Sent.Skipped
	if pcm := recorded(t, dir+"/a.wav")[0]; skipped == 0 && offset(pcm, pcmOf(t, babble(100))[160:]) < 0 {
		t.Errorf("%d samples, without what was sent; lost %d", len(pcm), a.Stats().Received.Lost)
	}
}

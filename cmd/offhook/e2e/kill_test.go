package e2e

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// The server is killed while it records 20 calls: sox reads each recording, to within a second of that moment.
func TestKillLeavesRecordingsReadable(t *testing.T) {
	sippPath, soxPath := peer(t, "sipp"), peer(t, "sox")
	dir := filepath.Join(t.TempDir(), "recordings")
	s := start(t, `
function on_call(call)
  call:answer()
  call:record_start(call.id .. ".wav", { stereo = true })
  log.info("recording")
  call:tone(440, { duration = 30 })
end`, "media.recordings_dir="+dir)
	caller := exec.Command(sippPath, "-sn", "uac", "-m", "20", "-r", "20", "-d", "30000", "127.0.0.1:"+s.port, "-i", "127.0.0.1", "-nostdin")
	if err := caller.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, 20*time.Second, "20 calls are recorded for 3 s", func() bool {
		lines := s.out.lines("recording")
		return len(lines) == 20 && time.Since(timeOf(t, lines[19])) > 3*time.Second
	})
	if err := s.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	killed := time.Now()
	<-s.exited
	_ = caller.Process.Kill()
	_ = caller.Wait()
	for _, line := range s.out.lines("recording") {
		id, _ := line["call"].(string)
		files, err := filepath.Glob(filepath.Join(dir, id+"*.wav"))
		if err != nil || len(files) != 1 {
			t.Fatalf("call %s has the files %q: %v", id, files, err)
		}
		out, code := command(t, time.Minute, soxPath, "--i", "-D", files[0])
		seconds, err := strconv.ParseFloat(strings.TrimSpace(out), 64)
		want := killed.Sub(timeOf(t, line)).Seconds()
		if code != 0 || err != nil || seconds < want-1 || seconds > want+1 {
			t.Errorf("sox says %q of %s, exit code %d; it was recorded for %.1f s", out, files[0], code, want)
		}
	}
	if hz := soxFrequency(t, firstOf(t, dir), 8000); hz < 430 || hz > 450 {
		t.Errorf("sox hears %g Hz, want 440", hz)
	}
}

// firstOf is one of the recordings in a folder, as one channel: what the server said.
func firstOf(t *testing.T, dir string) string {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(dir, "*.wav"))
	said := filepath.Join(t.TempDir(), "said.wav")
	if out, code := command(t, time.Minute, peer(t, "sox"), files[0], said, "remix", "2"); code != 0 {
		t.Fatalf("sox: exit code %d\n%s", code, out)
	}
	return said
}

func timeOf(t *testing.T, line map[string]any) time.Time {
	t.Helper()
	text, _ := line["time"].(string)
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// The server is killed while its webhook fails. The next one delivers all records that there are.
func TestKillLosesNothingForTheWebhook(t *testing.T) {
	var good atomic.Bool
	var mu sync.Mutex
	delivered := map[string]int{}
	far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var calls []struct {
			ID string `json:"id"`
		}
		if !good.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		if err := json.NewDecoder(r.Body).Decode(&calls); err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		for _, c := range calls {
			delivered[c.ID]++
		}
	}))
	defer far.Close()
	dir := filepath.Join(t.TempDir(), "records")
	set := []string{"records.dir=" + dir, "records.webhook_url=" + far.URL, "records.webhook_batch=7", "behavior.auto_answer_delay_ms=0"}
	s := start(t, "", set...)
	sipp(t, s, time.Minute, "-sn", "uac", "-m", "30", "-r", "30", "-d", "100").clean(t, 30)
	if lines := s.out.lines("call records are not delivered, trying again"); len(lines) == 0 {
		t.Error("the webhook was not tried")
	}
	if err := s.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-s.exited
	good.Store(true)
	start(t, "", set...)
	records := recordsIn(t, dir)
	eventually(t, 10*time.Second, "all records are delivered", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(delivered) == len(records)
	})
	mu.Lock()
	defer mu.Unlock()
	for id := range records {
		if delivered[id] != 1 {
			t.Errorf("record %s was delivered %d times", id, delivered[id])
		}
	}
}

package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// recordsIn reads all records of a folder; a line that is none fails the test.
func recordsIn(t *testing.T, dir string) (byID map[string]map[string]any) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "calls-*.jsonl"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no records in %s: %v", dir, err)
	}
	byID = map[string]map[string]any{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			var record map[string]any
			if err := json.Unmarshal([]byte(line), &record); err != nil || !strings.HasSuffix(line, "\n") {
				t.Errorf("%s: a torn line: %q: %v", name, line, err)
				continue
			}
			id, _ := record["id"].(string)
			if byID[id] != nil {
				t.Errorf("call %s is recorded twice", id)
			}
			byID[id] = record
		}
	}
	return byID
}

// The server is killed in the midst of 500 calls: what counted as over is recorded, and the next server goes on.
func TestKillLosesNoRecord(t *testing.T) {
	sippPath := peer(t, "sipp")
	dir := filepath.Join(t.TempDir(), "records")
	set := []string{"records.dir=" + dir, "behavior.auto_answer_delay_ms=0", "behavior.max_concurrent_calls=1000"}
	s := start(t, "", set...)
	caller := exec.Command(sippPath, "-sn", "uac", "-m", "500", "-r", "200", "-d", "500", "127.0.0.1:"+s.port, "-i", "127.0.0.1", "-nostdin")
	if err := caller.Start(); err != nil {
		t.Fatal(err)
	}
	over := 0
	for deadline := time.Now().Add(30 * time.Second); over < 150; { // as often as it can be asked, so that the kill comes at any moment
		if time.Now().After(deadline) {
			t.Fatalf("only %d calls are over", over)
		}
		_, h := s.status()
		total, _ := h["total_calls"].(float64)
		active, _ := h["active_calls"].(float64)
		over = int(total - active)
	}
	if err := s.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-s.exited
	_ = caller.Process.Kill()
	_ = caller.Wait()

	began := time.Now()
	s = start(t, "", set...)
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("the restart took %v, want less than 2 s", took)
	}
	records := recordsIn(t, dir)
	if len(records) < over || len(records) > 500 {
		t.Errorf("%d records, and %d calls were over", len(records), over)
	}
	for id, r := range records {
		if r["by"] != "caller" || r["code"] != 200.0 || r["script"] != "default" || r["sip_call_id"] == "" || r["state"] != "ended" {
			t.Fatalf("call %s: %v", id, r)
		}
	}
	sipp(t, s, time.Minute, "-sn", "uac", "-m", "20", "-r", "20", "-d", "100").clean(t, 20)
	before := len(records)
	eventually(t, 5*time.Second, "the next 20 calls are recorded", func() bool { return len(recordsIn(t, dir)) == before+20 })
}

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

// What on_hangup is told, the call record and offhook calls say the same.
func TestRecordAgreesWithOnHangup(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "records")
	s := start(t, `
function on_call(call)
  call.vars.n = 1
  call:mark("here", { x = 2 })
  call:answer()
  call:check(false, "never")
  if call.did == "stays" then call:wait("hangup") end
  error("oh")
end
function on_hangup(call, info)
  log.info("over", { by = info.by, code = info.code, q850 = info.q850, seconds = info.seconds, id = call.id })
end`, "records.dir="+dir)
	command(t, time.Minute, binary, "call", "sip:fails@127.0.0.1:"+s.port)
	done := make(chan struct{})
	go func() { // ends with the call, which an operator ends
		defer close(done)
		command(t, time.Minute, binary, "call", "sip:stays@127.0.0.1:"+s.port)
	}()
	eventually(t, 10*time.Second, "the call is answered", func() bool {
		_, h := s.status()
		return h["answered_calls"] == 2.0
	})
	var live []struct {
		ID string `json:"id"`
	}
	out, _ := command(t, 10*time.Second, binary, "calls", "list", "--live", "--json", "--socket", s.socket)
	if err := json.Unmarshal([]byte(out), &live); err != nil || len(live) != 1 {
		t.Fatalf("calls in progress: %v\n%s", err, out)
	}
	if out, code := command(t, 10*time.Second, binary, "calls", "hangup", live[0].ID, "--socket", s.socket); code != 0 || out != "hung up\n" {
		t.Errorf("exit code %d: %s", code, out)
	}
	<-done
	eventually(t, 5*time.Second, "both calls are recorded", func() bool { return len(recordsIn(t, dir)) == 2 })
	records, told := recordsIn(t, dir), s.out.lines("over")
	if len(told) != 2 {
		t.Fatalf("on_hangup ran %d times", len(told))
	}
	for i, want := range []string{"error", "operator"} {
		info := told[i]
		r := records[info["id"].(string)]
		difference := r["duration"].(float64) - info["seconds"].(float64)
		if info["by"] != want || r["by"] != want || r["code"] != info["code"] || q850(r) != q850(info) || difference > 0.001 || difference < -0.001 || info["call"] != r["id"] {
			t.Errorf("on_hangup was told %v, the record says %v", info, r)
		}
		marks, vars, verdict := r["marks"].([]any)[0].(map[string]any), r["vars"].(map[string]any), r["verdict"].(map[string]any)
		if marks["name"] != "here" || marks["data"] != "x=2" || vars["n"] != 1.0 || verdict["result"] != "fail" || verdict["message"] != "never" {
			t.Errorf("the record says %v", r)
		}
	}
	failure, _ := records[told[0]["id"].(string)]["error"].(map[string]any)
	if failure["file"] != "default.lua" || failure["line"] != 8.0 {
		t.Errorf("error %v", failure)
	}
	if out, _ := command(t, 10*time.Second, binary, "calls", "show", told[0]["id"].(string), "--socket", s.socket); !strings.Contains(out, "✗ default.lua:8: oh") || !strings.Contains(out, "── INVITE, SDP") || !strings.Contains(out, "⚑ here x=2") {
		t.Errorf("calls show:\n%s", out)
	}
}

// q850 is the cause of a record, or of what on_hangup was told; 0: there is none.
func q850(m map[string]any) float64 {
	cause, _ := m["q850"].(float64)
	return cause
}

package e2e

import (
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// sippRun is what SIPp counted in one run.
type sippRun struct {
	out                                string
	code                               int
	successful, failed, retransmission int
}

// sipp runs a SIPp scenario (a file of testdata, or a built-in "-sn NAME")
// against the server and reads SIPp's own statistics.
func sipp(t *testing.T, s *server, within time.Duration, args ...string) sippRun {
	t.Helper()
	path := peer(t, "sipp")
	stat := filepath.Join(t.TempDir(), "stat.csv")
	args = append(args, "127.0.0.1:"+s.port, "-i", "127.0.0.1", "-nostdin", "-trace_stat", "-stf", stat, "-fd", "1")
	r := sippRun{}
	r.out, r.code = command(t, within, path, args...)
	if err := r.read(stat); err != nil {
		t.Fatalf("%v\n%s", err, r.out)
	}
	return r
}

// read takes the figures from the statistics that SIPp writes, while it runs or after.
func (r *sippRun) read(stat string) error {
	data, err := os.ReadFile(stat)
	if err != nil {
		return fmt.Errorf("SIPp left no statistics: %w", err)
	}
	reader := csv.NewReader(strings.NewReader(string(data)))
	reader.Comma, reader.FieldsPerRecord, reader.LazyQuotes = ';', -1, true
	rows, err := reader.ReadAll()
	if err != nil {
		return fmt.Errorf("SIPp's statistics: %w\n%s", err, data)
	}
	if len(rows) < 2 {
		return fmt.Errorf("SIPp's statistics have no line yet:\n%s", data)
	}
	last := rows[len(rows)-1]
	for i, name := range rows[0] {
		if i >= len(last) {
			return errors.New("SIPp's statistics: the last line is not whole")
		}
		value := func() int { n, _ := strconv.Atoi(last[i]); return n }
		switch name {
		case "SuccessfulCall(C)":
			r.successful = value()
		case "FailedCall(C)":
			r.failed = value()
		case "Retransmissions(C)":
			r.retransmission = value()
		}
	}
	return nil
}

// clean fails the test unless all n calls went well without a retransmission.
func (r sippRun) clean(t *testing.T, n int) {
	t.Helper()
	if r.code != 0 || r.successful != n || r.failed != 0 || r.retransmission != 0 {
		t.Errorf("SIPp: exit code %d, %d of %d successful, %d failed, %d retransmissions\n%s",
			r.code, r.successful, n, r.failed, r.retransmission, r.out)
	}
}

func scenario(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSIPpUACBuiltIn(t *testing.T) {
	s := start(t, "")
	sipp(t, s, time.Minute, "-sn", "uac", "-m", "100", "-r", "20", "-d", "200").clean(t, 100)
	eventually(t, 5*time.Second, "no call is left", func() bool {
		_, h := s.status()
		return h["active_calls"] == 0.0 && h["total_calls"] == 100.0 && h["answered_calls"] == 100.0 && h["failed_calls"] == 0.0
	})
}

func TestSIPpOverTCP(t *testing.T) {
	s := start(t, "")
	for _, mode := range []string{"t1", "tn"} { // one connection for all calls, one for each
		t.Run(mode, func(t *testing.T) {
			sipp(t, s, time.Minute, "-sn", "uac", "-t", mode, "-max_socket", "1000", "-m", "40", "-r", "20", "-d", "200").clean(t, 40)
		})
	}
}

// The caller never sends its ACK: the 200 is repeated at T1, 2·T1 … T2, and
// after 64·T1 there is a BYE. The timers are a tenth of the standard ones, so
// there are 10 copies of each 200.
func TestSIPpLostACK(t *testing.T) {
	s := start(t, "", "sip.t1_ms=50", "sip.t2_ms=400", "behavior.auto_answer_delay_ms=100")
	messages := filepath.Join(t.TempDir(), "messages.log")
	r := sipp(t, s, time.Minute, "-sf", scenario(t, "lost_ack.xml"), "-m", "3", "-r", "10", "-trace_msg", "-message_file", messages)
	if r.code != 0 || r.successful != 3 {
		t.Errorf("SIPp: exit code %d, %d of 3 successful\n%s", r.code, r.successful, r.out)
	}
	log, err := os.ReadFile(messages)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(log), "\nSIP/2.0 200 OK\r\n"); n != 3*(1+10)+3 { // the last 3 are SIPp's own, to the BYEs
		t.Errorf("%d messages 200, want 11 for each call and SIPp's own\n%s", n, log)
	}
	eventually(t, 5*time.Second, "the calls count as failed", func() bool {
		_, h := s.status()
		return h["active_calls"] == 0.0 && h["failed_calls"] == 3.0
	})
}

func TestSIPpCancel(t *testing.T) {
	s := start(t, "", "behavior.auto_answer=false")
	sipp(t, s, time.Minute, "-sf", scenario(t, "cancel.xml"), "-m", "20", "-r", "20").clean(t, 20)
	eventually(t, 5*time.Second, "no call is left", func() bool {
		_, h := s.status()
		return h["active_calls"] == 0.0 && h["answered_calls"] == 0.0
	})
}

func TestSIPpReinvite(t *testing.T) {
	s := start(t, "", "behavior.auto_answer_delay_ms=0")
	sipp(t, s, time.Minute, "-sf", scenario(t, "reinvite.xml"), "-m", "10", "-r", "10").clean(t, 10)
}

func TestSIPpSessionTimer(t *testing.T) {
	s := start(t, "", "behavior.auto_answer_delay_ms=0", "sip.min_se_seconds=4")
	sipp(t, s, time.Minute, "-sf", scenario(t, "session_timer.xml"), "-m", "5", "-r", "5").clean(t, 5)
	eventually(t, 5*time.Second, "the calls count as failed", func() bool {
		_, h := s.status()
		return h["active_calls"] == 0.0 && h["failed_calls"] == 5.0
	})
}

func TestSIPpPrack(t *testing.T) {
	s := start(t, "", "behavior.auto_answer_delay_ms=0")
	sipp(t, s, time.Minute, "-sf", scenario(t, "prack.xml"), "-m", "10", "-r", "10").clean(t, 10)
}

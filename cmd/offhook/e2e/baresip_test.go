package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// baresip is one that runs and takes commands over its module ctrl_tcp: JSON in netstrings, "5:[1,2],".
type baresip struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
	log  *output
}

// startBaresip starts one that calls the server. It ends with the test.
func startBaresip(t *testing.T, s *server) *baresip {
	t.Helper()
	path := peer(t, "baresip")
	dir := baresipConfig(t, "pcmu", "")
	address := freeAddress(t)
	config, err := os.OpenFile(filepath.Join(dir, "config"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(config, "ctrl_tcp_listen %s\nmodule_app ctrl_tcp.so\n", address)
	if err := config.Close(); err != nil {
		t.Fatal(err)
	}
	b := &baresip{t: t, log: newOutput()}
	cmd := exec.Command(path, "-f", dir)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, b.log, b.log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("baresip:\n%s", b.log)
		}
	})
	eventually(t, 10*time.Second, "baresip listens", func() bool {
		b.conn, err = net.Dial("tcp", address)
		return err == nil
	})
	t.Cleanup(func() { _ = b.conn.Close() })
	b.in = bufio.NewReader(b.conn)
	b.command("dial", "sip:test@127.0.0.1:"+s.port)
	return b
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func (b *baresip) command(name, params string) {
	b.t.Helper()
	text, err := json.Marshal(map[string]string{"command": name, "params": params})
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := fmt.Fprintf(b.conn, "%d:%s,", len(text), text); err != nil {
		b.t.Fatal(err)
	}
}

// await reads what baresip tells until an event comes.
func (b *baresip) await(event string) {
	b.t.Helper()
	_ = b.conn.SetReadDeadline(time.Now().Add(20 * time.Second)) // fails on a closed connection, which the read tells
	for {
		digits, err := b.in.ReadString(':')
		if err != nil {
			b.t.Fatalf("baresip told of no %s: %v", event, err)
		}
		length, err := strconv.Atoi(strings.TrimSuffix(digits, ":"))
		if err != nil {
			b.t.Fatalf("baresip's netstring: %v", err)
		}
		text := make([]byte, length+1) // and a comma
		if _, err := io.ReadFull(b.in, text); err != nil {
			b.t.Fatal(err)
		}
		var message struct{ Type string }
		if err := json.Unmarshal(text[:length], &message); err != nil {
			b.t.Fatalf("%v: %s", err, text)
		}
		if message.Type == event {
			return
		}
	}
}

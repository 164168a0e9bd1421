package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// 100 callers wait in the room that three nodes share. One node drains, one is killed, Redis goes away and comes back: the
// killed node's calls are lost, and nothing else.
func TestCluster(t *testing.T) {
	c := startCluster(t)
	room := []*callers{c.callers(100, "caller", "room")}
	for i, n := range c.has(100) {
		if n < 25 {
			t.Errorf("node %d has %d of 100 calls", i+1, n)
		}
	}
	if out, code := c.call("--max", "1s", "--expect-tone", "440", "room"); code != 0 { // RTP comes from the node
		t.Errorf("exit code %d\n%s", code, out)
	}
	room = append(room, c.drains(100))
	killed, lost := c.dies(110)
	room = append(room, killed)
	left := 120 - lost
	c.tickets(124, 0) // 120 wait or are lost, 4 have hung up
	c.losesRedis(left)

	c.callers(left, "desk", "next").end(left)
	c.has(0)
	eventually(t, 10*time.Second, "every other caller has had a turn", func() bool {
		successful, failed := 0, 0
		for _, r := range room {
			a, b := r.counted()
			successful, failed = successful+a, failed+b
		}
		return successful == left && failed == 0
	})
	if out, code := c.call("--from", "desk", "next"); code != 1 || !strings.Contains(out, "480") {
		t.Errorf("the room is empty: exit code %d, want 1 and a 480\n%s", code, out)
	}
	c.tickets(124, 1)
}

// drains: a node takes no new calls at once, Kamailio learns it, the calls of the node go on, and it comes back.
func (c *cluster) drains(calls int) *callers {
	c.t.Helper()
	before := c.has(calls)
	c.nodes[0].operate(0, "no new calls are taken", "drain")
	began := time.Now()
	more := c.callers(10, "caller", "room") // what still goes there gets 503, and Kamailio tries the next node
	c.soon(0, false)
	c.t.Logf("out %v after 'offhook drain'", time.Since(began).Round(10*time.Millisecond))
	if after := c.has(calls + 10); after[0] != before[0] {
		c.t.Errorf("calls of the nodes: %v, and %v while the first one drains", before, after)
	}
	total := c.count(0, "total_calls") // with the refused ones
	for range 3 {
		if out, code := c.call("--max", "100ms", "room"); code != 0 {
			c.t.Errorf("exit code %d\n%s", code, out)
		}
	}
	if n := c.count(0, "total_calls"); n != total {
		c.t.Errorf("%d calls came to a node that is out", n-total)
	}
	c.nodes[0].operate(0, "calls are taken", "undrain")
	c.soon(0, true)
	return more
}

// dies: kill -9 of a node loses its calls; who calls at that moment gets another one.
func (c *cluster) dies(calls int) (more *callers, lost int) {
	c.t.Helper()
	before := c.has(calls)
	lost = before[1]
	c.killNode(1)
	began := time.Now()
	more = c.callers(10, "caller", "room")
	c.dead(1)
	c.t.Logf("out %v after kill -9, with %d calls", time.Since(began).Round(10*time.Millisecond), lost)
	if after := c.has(calls - lost + 10); after[0] < before[0] || after[2] < before[2] {
		c.t.Errorf("calls of the nodes: %v, and %v after the second one was killed", before, after)
	}
	return more, lost
}

// losesRedis: whether it hangs or is gone, calls go on and new ones learn it in time; when it is back, all is as before.
func (c *cluster) losesRedis(calls int) {
	c.t.Helper()
	refused := func() {
		c.t.Helper()
		began := time.Now()
		if out, code := c.call("room"); code != 1 || !strings.Contains(out, "480") {
			c.t.Errorf("no ticket: exit code %d, want 1 and a 480\n%s", code, out)
		}
		if took := time.Since(began); took > 4*time.Second {
			c.t.Errorf("a script learnt after %v that Redis is away, want kv_timeout_seconds = 1", took)
		}
		c.has(calls)
	}
	back := func() {
		c.t.Helper()
		for _, i := range []int{0, 2} {
			out := c.nodes[i].out
			eventually(c.t, 20*time.Second, "what told that Redis fails tells that it is back", func() bool {
				return len(out.lines("kv: Redis fails")) == len(out.lines("kv: Redis is back"))
			})
		}
		eventually(c.t, 20*time.Second, "all who wait say so again", func() bool { return c.saidWaiting() == calls })
	}
	if err := c.redis.Process.Signal(syscall.SIGSTOP); err != nil {
		c.t.Fatal(err)
	}
	refused()
	if err := c.redis.Process.Signal(syscall.SIGCONT); err != nil {
		c.t.Fatal(err)
	}
	back()
	c.endRedis()
	refused()
	c.startRedis()
	back()
}

// tickets have been drawn by so many callers, by none twice. What an Incr did whose answer did not come in time nobody has.
func (c *cluster) tickets(callers, lost int) {
	c.t.Helper()
	if got := c.stored("room:tickets"); got != strconv.Itoa(callers+lost) {
		c.t.Errorf("%s tickets, want %d", got, callers+lost)
	}
	var drawn []int
	for _, s := range c.nodes {
		for _, line := range s.out.lines("drawn") {
			drawn = append(drawn, int(line["ticket"].(float64)))
		}
	}
	slices.Sort(drawn)
	unique := slices.Compact(slices.Clone(drawn))
	if len(drawn) != callers || len(unique) != callers || drawn[0] != 1 || drawn[callers-1] > callers+lost {
		c.t.Errorf("drawn %v, want %d", drawn, callers)
	}
}

// A full node is out until it has room, and one that is killed is in again when it is back, with the scripts of the others.
func TestClusterFullNode(t *testing.T) {
	c := startCluster(t)
	c.killNode(1)
	c.dead(1)
	c.startNode(1, "behavior.max_concurrent_calls=1")
	c.soon(1, true)
	three := c.callers(3, "caller", "room")
	eventually(t, 10*time.Second, "each node has a call", func() bool { each, _ := c.active(); return each == [3]int{1, 1, 1} })
	c.soon(1, false)
	four := c.callers(4, "caller", "room")
	if each := c.has(7); each[1] != 1 {
		t.Errorf("calls of the nodes: %v", each)
	}
	c.callers(7, "desk", "next").end(7)
	three.end(3)
	four.end(4)
	c.has(0)
	c.soon(1, true)
	c.sameScripts()
	c.allOut()
}

// allOut: with no node that takes calls, callers and who asks Kamailio learn it.
func (c *cluster) allOut() {
	c.t.Helper()
	for _, s := range c.nodes {
		s.operate(0, "no new calls are taken", "drain")
	}
	for range 2 { // Kamailio tries all three; then it knows
		if out, code := c.call("room"); code != 1 || !strings.Contains(out, "503") {
			c.t.Errorf("all nodes drain: exit code %d, want 1 and a 503\n%s", code, out)
		}
		for i := range c.nodes {
			c.soon(i, false)
		}
	}
}

// sameScripts changes a script and has every node load it.
func (c *cluster) sameScripts() {
	c.t.Helper()
	path := filepath.Join(c.dir, "scripts", "default.lua")
	text, err := os.ReadFile(path)
	if err != nil {
		c.t.Fatal(err)
	}
	c.nodes[0].save(string(text) + "-- changed\n")
	loaded := map[string]bool{}
	for _, s := range c.nodes {
		s.operate(0, "generation 2 ", "reload")
		var all []struct {
			Generation int
			Hash       string
			Current    bool
		}
		if err := json.Unmarshal([]byte(s.operate(0, "[", "generations", "--json")), &all); err != nil {
			c.t.Fatal(err)
		}
		for _, g := range all {
			if g.Current {
				loaded[strconv.Itoa(g.Generation)+" "+g.Hash] = true
			}
		}
	}
	if len(loaded) != 1 {
		c.t.Errorf("the nodes have %v", loaded)
	}
}

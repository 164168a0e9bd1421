package e2e

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// cluster is examples/cluster at work: Kamailio on 127.0.0.10, three nodes on the addresses after it, and Redis. Only ports
// and paths differ from what the example says.
type cluster struct {
	t         *testing.T
	dir       string // a copy of the example
	port      string // SIP, of all
	control   string // socket of Kamailio
	redisPort string
	redis     *exec.Cmd
	nodes     [3]*server
	up        [3]bool
}

func startCluster(t *testing.T) *cluster {
	t.Helper()
	for _, name := range []string{"kamcmd", "redis-cli", "sipp"} {
		peer(t, name)
	}
	c := &cluster{t: t, dir: t.TempDir(), port: freeClusterPort(t), redisPort: freePort(t)}
	c.control = filepath.Join(c.dir, "ctl")
	if err := os.CopyFS(c.dir, os.DirFS("../../../examples/cluster")); err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(c.dir, "dispatcher.list")
	c.adapt("dispatcher.list", ":5060", ":"+c.port)
	c.adapt("kamailio.cfg", ":5060", ":"+c.port, "/etc/kamailio/dispatcher.list", list, "/run/kamailio/kamailio_ctl", c.control)
	c.adapt("offhook.toml", ":6379", ":"+c.redisPort)
	c.startRedis()
	t.Cleanup(func() { c.endRedis() })
	for i := range c.nodes {
		c.startNode(i)
	}
	runKamailio(t, peer(t, "kamailio"), filepath.Join(c.dir, "kamailio.cfg"))
	eventually(t, 20*time.Second, "Kamailio has three nodes", func() bool { return c.takes(0) && c.takes(1) && c.takes(2) })
	return c
}

// adapt replaces what has to be there in a file of the copy.
func (c *cluster) adapt(name string, oldNew ...string) {
	c.t.Helper()
	path := filepath.Join(c.dir, name)
	text, err := os.ReadFile(path)
	if err != nil {
		c.t.Fatal(err)
	}
	for i := 0; i < len(oldNew); i += 2 {
		if !strings.Contains(string(text), oldNew[i]) {
			c.t.Fatalf("%s has no %s", name, oldNew[i])
		}
	}
	if err := os.WriteFile(path, []byte(strings.NewReplacer(oldNew...).Replace(string(text))), 0o600); err != nil {
		c.t.Fatal(err)
	}
}

func (c *cluster) startNode(i int, set ...string) {
	c.t.Helper()
	s := newServer(c.t)
	s.dir, s.scripts = c.t.TempDir(), filepath.Join(c.dir, "scripts")
	s.serve([]string{"serve", "--config", filepath.Join(c.dir, "offhook.toml"), "--scripts", s.scripts, "--log-format", "json"},
		append([]string{fmt.Sprint("sip.bind_address=127.0.0.", 11+i), "sip.transport=udp", "sip.port=" + c.port,
			"defence.max_delay_ms=2000"}, set...)...) // a slow machine is not overloaded
	c.nodes[i], c.up[i] = s, true
}

// killNode is kill -9.
func (c *cluster) killNode(i int) {
	c.t.Helper()
	if err := c.nodes[i].cmd.Process.Kill(); err != nil {
		c.t.Fatal(err)
	}
	<-c.nodes[i].exited
	c.up[i] = false
}

// startRedis runs a server that has on disk whatever it has answered.
func (c *cluster) startRedis() {
	c.t.Helper()
	c.redis = exec.Command(peer(c.t, "redis-server"), "--port", c.redisPort, "--bind", "127.0.0.1", "--dir", c.dir, "--appendonly", "yes", "--appendfsync", "always")
	if err := c.redis.Start(); err != nil {
		c.t.Fatal(err)
	}
	eventually(c.t, 20*time.Second, "Redis answers", func() bool {
		out, _ := command(c.t, 10*time.Second, "redis-cli", "-p", c.redisPort, "ping")
		return strings.TrimSpace(out) == "PONG"
	})
}

func (c *cluster) endRedis() {
	_ = c.redis.Process.Kill()
	_ = c.redis.Wait()
}

// stored is the value of a key of scripts.
func (c *cluster) stored(key string) string {
	c.t.Helper()
	out, _ := command(c.t, 10*time.Second, "redis-cli", "-p", c.redisPort, "get", "offhook:"+key)
	return strings.TrimSpace(out)
}

// saidWaiting is how many callers have said that they wait.
func (c *cluster) saidWaiting() int {
	c.t.Helper()
	out, _ := command(c.t, 10*time.Second, "redis-cli", "-p", c.redisPort, "--scan", "--pattern", "offhook:room:waiting:*")
	return strings.Count(out, "room:waiting:")
}

// takes tells whether Kamailio sends calls to a node.
func (c *cluster) takes(i int) bool {
	c.t.Helper()
	out, _ := command(c.t, 10*time.Second, "kamcmd", "-s", "unix:"+c.control, "dispatcher.list")
	m := regexp.MustCompile(fmt.Sprintf(`URI: sip:127\.0\.0\.%d:%s\s+FLAGS: (\w)P`, 11+i, c.port)).FindStringSubmatch(out)
	return m != nil && m[1] == "A"
}

// soon is what the example promises: within 3 s Kamailio knows whether a node takes calls.
func (c *cluster) soon(i int, takes bool) {
	c.t.Helper()
	eventually(c.t, 3*time.Second, fmt.Sprintf("Kamailio sends calls to node %d: %v", i+1, takes), func() bool { return c.takes(i) == takes })
}

// dead is the other promise: one that says nothing is out when OPTIONS were asked (1 s) and not answered (2 s).
func (c *cluster) dead(i int) {
	c.t.Helper()
	eventually(c.t, 5*time.Second, fmt.Sprintf("Kamailio knows that node %d is dead", i+1), func() bool { return !c.takes(i) })
}

// count is a figure in the health of a node, 0 when it is dead.
func (c *cluster) count(i int, key string) int {
	c.t.Helper()
	if !c.up[i] {
		return 0
	}
	_, h := c.nodes[i].status()
	n, _ := h[key].(float64)
	return int(n)
}

// active are the calls of each node.
func (c *cluster) active() (each [3]int, all int) {
	c.t.Helper()
	for i := range c.nodes {
		each[i] = c.count(i, "active_calls")
		all += each[i]
	}
	return each, all
}

// has waits until so many calls are in progress.
func (c *cluster) has(calls int) (each [3]int) {
	c.t.Helper()
	all := -1
	defer func() {
		if all != calls {
			c.t.Logf("calls of the nodes: %v", each)
		}
	}()
	eventually(c.t, 30*time.Second, fmt.Sprintf("%d calls are in progress", calls), func() bool {
		each, all = c.active()
		return all == calls
	})
	return each
}

// call has Offhook call through Kamailio.
func (c *cluster) call(args ...string) (out string, code int) {
	c.t.Helper()
	args[len(args)-1] = "sip:" + args[len(args)-1] + "@127.0.0.10:" + c.port
	return command(c.t, time.Minute, binary, append([]string{"call"}, args...)...)
}

// callers is a SIPp that calls through Kamailio and waits for each BYE.
type callers struct {
	t      *testing.T
	cmd    *exec.Cmd
	stat   string
	out    *output
	exited chan error
}

func (c *cluster) callers(n int, from, to string) *callers {
	c.t.Helper()
	dir := c.t.TempDir()
	s := &callers{t: c.t, stat: filepath.Join(dir, "stat.csv"), out: newOutput(), exited: make(chan error, 1)}
	s.cmd = exec.Command(peer(c.t, "sipp"), "-sf", scenario(c.t, "waits.xml"), "-key", "caller", from, "-s", to, "-m", strconv.Itoa(n), "-r", "25",
		"-l", "1000", "127.0.0.10:"+c.port, "-i", "127.0.0.1", "-nostdin", "-trace_stat", "-stf", s.stat, "-fd", "1")
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = dir, s.out, s.out
	if err := s.cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	go func() { s.exited <- s.cmd.Wait(); close(s.exited) }() // ends with the process, which Cleanup ends
	c.t.Cleanup(func() { _ = s.cmd.Process.Kill(); <-s.exited })
	return s
}

// counted is how many of the calls went well, and failed, so far.
func (s *callers) counted() (successful, failed int) {
	r := sippRun{}
	_ = r.read(s.stat) // not there yet
	return r.successful, r.failed
}

// end waits until the last call has ended.
func (s *callers) end(want int) {
	s.t.Helper()
	select {
	case err := <-s.exited:
		if successful, failed := s.counted(); err != nil || successful != want || failed > 0 {
			s.t.Errorf("SIPp: %v, %d of %d calls successful, %d failed\n%s", err, successful, want, failed, s.out)
		}
	case <-time.After(time.Minute):
		s.t.Fatalf("SIPp did not end:\n%s", s.out)
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// freeClusterPort is one that is free on the addresses of Kamailio and the nodes.
func freeClusterPort(t *testing.T) string {
	t.Helper()
	for range 100 {
		first, err := net.ListenPacket("udp4", "127.0.0.10:0")
		if err != nil {
			t.Fatal(err)
		}
		defer first.Close()
		port, free := strconv.Itoa(first.LocalAddr().(*net.UDPAddr).Port), true
		for i := range 3 {
			conn, err := net.ListenPacket("udp4", fmt.Sprintf("127.0.0.%d:%s", 11+i, port))
			if free = free && err == nil; err == nil {
				conn.Close()
			}
		}
		if free {
			return port
		}
	}
	t.Fatal("no port is free on 127.0.0.10 to 127.0.0.13")
	return ""
}

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"offhook/config"
)

// data looks whether what the server writes finds its place.
func (d *doctor) data() {
	const check = "data"
	places := []string{}
	if d.config.Media.RecordingsDir != "" {
		places = append(places, d.config.Media.RecordingsDir)
	}
	if d.config.Scripting.KVPath != "" {
		places = append(places, filepath.Dir(d.config.Scripting.KVPath))
	}
	if d.config.Logging.EnableFileLogging {
		places = append(places, filepath.Dir(d.config.Logging.LogFilePath))
	}
	for _, place := range places {
		dir, err := filepath.Abs(place)
		if err != nil {
			d.fail(check, "", "%v", err)
			return
		}
		for !exists(dir) && dir != "/" {
			dir = filepath.Dir(dir) // it is made when it is first used
		}
		var fs syscall.Statfs_t
		if err := syscall.Statfs(dir, &fs); err != nil {
			d.fail(check, "", "%s: %v", dir, err)
			return
		}
		if free := float64(fs.Bavail) * float64(fs.Bsize); free < 1e9 {
			d.warn(check, "an hour of recordings is 58 MB for each call", "%s has %.1f GB left", dir, free/1e9)
			return
		}
		if d.server == nil { // another user's rights are not ours
			f, err := os.CreateTemp(dir, ".offhook-doctor-*")
			if err != nil {
				d.warn(check, "run the doctor as the user of the server, or in its folder; else set media.recordings_dir and scripting.kv_path", "%v", err)
				return
			}
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}
	d.ok(check, "%d folders have room", len(places))
}

// ephemeralPorts are those that the kernel gives to programs that ask for any.
func ephemeralPorts() (low, high int, ok bool) {
	text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err != nil {
		return 0, 0, false
	}
	n, _ := fmt.Sscan(string(text), &low, &high)
	return low, high, n == 2
}

// limit is one of the limits in /proc/PID/limits, the soft one; ok is false where there are none.
func limit(pid int, name string) (value uint64, ok bool) {
	file := "/proc/self/limits"
	if pid != 0 {
		file = fmt.Sprintf("/proc/%d/limits", pid)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(text)) {
		if rest, found := strings.CutPrefix(line, name); found {
			soft := strings.Fields(rest)[0]
			if soft == "unlimited" {
				return 1 << 62, true
			}
			value, err := strconv.ParseUint(soft, 10, 64)
			return value, err == nil
		}
	}
	return 0, false
}

// socketBuffer is what the server asks for on its UDP sockets for SIP.
const socketBuffer = 4 << 20

// machine looks at limits, clock and kernel.
func (d *doctor) machine() {
	pid := 0
	if d.server != nil {
		pid = d.server.PID
	}
	need := uint64(2*d.config.Behavior.MaxConcurrentCalls + 200)
	if files, ok := limit(pid, "Max open files"); ok && files < need {
		d.fail("files", fmt.Sprintf("LimitNOFILE=%d in the unit, or ulimit -n %d", need, need), "a process may open %d, and %d calls need %d", files, d.config.Behavior.MaxConcurrentCalls, need)
	} else if ok {
		d.ok("files", "a process may open %d, %d calls need %d", files, d.config.Behavior.MaxConcurrentCalls, need)
	}
	switch priority, ok := limit(pid, "Max realtime priority"); {
	case !ok:
	case priority > 0 || pid == 0 && os.Getuid() == 0:
		d.ok("priority", "pacing may run ahead of other programs (SCHED_FIFO)")
	default:
		d.warn("priority", "LimitRTPRIO=20 in the unit, as ours has it", "pacing competes with other programs: sound may stutter when the machine is busy")
	}
	for _, direction := range []string{"rmem_max", "wmem_max"} {
		text, err := os.ReadFile("/proc/sys/net/core/" + direction)
		if size, bad := strconv.Atoi(string(bytes.TrimSpace(text))); err != nil || bad != nil {
			continue
		} else if size < socketBuffer {
			d.warn("buffers", fmt.Sprintf("sysctl -w net.core.%s=%d, and the same in /etc/sysctl.d", direction, socketBuffer),
				"net.core.%s is %d: bursts of SIP over UDP may be lost", direction, size)
		} else {
			d.ok("buffers", "net.core.%s is %d", direction, size)
		}
	}
	d.clock()
}

// listenFor is how long the doctor listens to its own call.
const listenFor = 2 * time.Second

// call starts a server of its own on this machine and listens to its tone.
func (d *doctor) call(ctx context.Context) {
	const check = "call"
	out, err := ownCall(ctx, d.config)
	switch {
	case err != nil:
		d.fail(check, "", "%v", err)
	case out.Failure != "":
		d.fail(check, "the lines above may say why; 'offhook call -v' shows more", "%s", out.Failure)
	case out.Received.Lost > 0 || out.Received.JitterMs > 5:
		d.warn(check, "the machine is busy, or slow; see priority above", "%s", out.sentence())
	default:
		d.ok(check, "%s", out.sentence())
	}
}

// ownCall calls a server of our own, which runs on free ports with the media of a configuration and plays 440 Hz.
func ownCall(ctx context.Context, c *config.Config) (*outcome, error) {
	flags := []config.Flag{}
	for _, pair := range [][2]string{
		{"sip.bind_address", "127.0.0.1"}, {"sip.port", "0"}, {"health.enable_health_check", "false"}, {"control.socket", ""}, {"logging.level", "error"},
		{"scripting.dir", "/nonexistent"}, {"scripting.kv_path", ""}, {"behavior.auto_answer_delay_ms", "0"}, {"behavior.drain_timeout_seconds", "0"},
		{"media.rtp_port_range_start", strconv.Itoa(c.Media.RTPPortRangeStart)}, {"media.rtp_port_range_end", strconv.Itoa(c.Media.RTPPortRangeEnd)},
	} {
		flags = append(flags, config.Flag{Name: "doctor", Key: pair[0], Value: pair[1]})
	}
	own, err := config.Load(config.Options{Flags: flags})
	if err != nil {
		return nil, err
	}
	logs, err := newLogs(own.Logging, io.Discard)
	if err != nil {
		return nil, err
	}
	a, err := newApp(ctx, own, logs)
	if err != nil {
		return nil, err
	}
	defer a.close()
	show := newLadder(io.Discard)
	call := &callOptions{
		uri: "sip:doctor@127.0.0.1:" + strconv.Itoa(own.SIP.Port), longest: listenFor, ring: 5 * time.Second, expectTone: 440, dtmfVia: "rfc4733",
	}
	phone, err := newPhone(logs.log, show, call)
	if err != nil {
		return nil, err
	}
	defer phone.close()
	return phone.call(ctx, call, show)
}

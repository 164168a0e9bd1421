package sandbox

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	hostileEnv = "SANDBOX_HOSTILE" // in a child process: the number of the script to run

	maxRSS = 64 << 10 // KiB, of the whole process
	maxCPU = 200 * time.Millisecond
)

// TestMain runs one hostile script when it is in a child process.
func TestMain(m *testing.M) {
	if number, err := strconv.Atoi(os.Getenv(hostileEnv)); err == nil {
		os.Exit(runHostile(hostile[number].source))
	}
	os.Exit(m.Run())
}

// runHostile returns the exit code: 0 unless the sandbox failed.
func runHostile(source string) int {
	if !raceEnabled { // the race detector reserves more
		limit := syscall.Rlimit{Cur: 2 << 30, Max: 2 << 30}
		if err := syscall.Setrlimit(syscall.RLIMIT_AS, &limit); err != nil {
			fmt.Println(err)
			return 3
		}
	}
	before := processorTime()
	_, err := run(&testing.T{}, source, Limits{})
	fmt.Println(processorTime()-before, err)
	if internal := (*InternalError)(nil); errors.As(err, &internal) {
		fmt.Printf("%s\n", internal.Stack)
		return 4
	}
	return 0
}

// processorTime is what this process has used of it.
func processorTime() time.Duration {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// TestHostile runs each hostile script in a process of its own, as some would end it without the sandbox.
func TestHostile(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a process for each script")
	}
	for i, h := range hostile {
		t.Run(h.name, func(t *testing.T) {
			var cpu time.Duration
			for range 3 { // what else the machine does costs processor time, too: of its caches
				c := runChild(t, i)
				t.Logf("%v, %d MiB: %.200s", c.cpu, c.rss>>10, c.result)
				if raceEnabled {
					return // slower by as much as it takes more memory
				}
				if c.rss > maxRSS {
					t.Errorf("took %d MiB", c.rss>>10)
				}
				if cpu = c.cpu; cpu <= maxCPU {
					return
				}
			}
			t.Errorf("took %v of processor time", cpu)
		})
	}
}

// child is what became of a child process.
type child struct {
	result string
	cpu    time.Duration // without that of its start
	rss    int64         // its largest size in KiB
}

func runChild(t *testing.T, number int) child {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), hostileEnv+"="+strconv.Itoa(number))
	timeout := time.AfterFunc(30*time.Second, func() { _ = cmd.Process.Kill() })
	defer timeout.Stop()
	output, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("died: %v\n%.2000s", err, output)
	}
	used, result, _ := strings.Cut(string(output), " ")
	cpu, err := time.ParseDuration(used)
	if err != nil {
		t.Fatal(err)
	}
	return child{result, cpu, cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss}
}

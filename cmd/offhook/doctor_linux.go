package main

import (
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// clock looks whether the time is right, and cheap to read.
func (d *doctor) clock() {
	var t unix.Timex
	state, err := unix.Adjtimex(&t) // changes nothing: Modes is 0
	switch {
	case err != nil:
		d.ok("time", "the kernel does not tell whether it is right: %v", err)
	case state == unix.TIME_ERROR || t.Status&unix.STA_UNSYNC != 0:
		d.warn("time", "systemctl enable --now systemd-timesyncd, or chrony", "nobody sets the clock: records and logs of several machines will not agree")
	default:
		d.ok("time", "the clock is set, to within %.1f ms", float64(t.Maxerror)/1000)
	}
	text, err := os.ReadFile("/sys/devices/system/clocksource/clocksource0/current_clocksource")
	if err != nil {
		return
	}
	source := strings.TrimSpace(string(text))
	if slices.Contains([]string{"hpet", "acpi_pm", "jiffies", "pit"}, source) {
		d.warn("clock source", "see 'dmesg | grep -i tsc' for why the tsc is not used", "%s is slow to read, and pacing reads it all the time", source)
		return
	}
	d.ok("clock source", "%s", source)
}

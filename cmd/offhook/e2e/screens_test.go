package e2e

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestScreens takes pictures of a console, for people to look at:
//
//	OFFHOOK_SCREENS=folder OFFHOOK_SCREENS_OF=http://127.0.0.1:8080 OFFHOOK_SCREENS_WHAT="calls,/,1280,800,light ..."
func TestScreens(t *testing.T) {
	dir := os.Getenv("OFFHOOK_SCREENS")
	if dir == "" {
		t.Skip("OFFHOOK_SCREENS is not set")
	}
	b := browse(t)
	for _, what := range strings.Split(os.Getenv("OFFHOOK_SCREENS_WHAT"), "|") {
		f := strings.SplitN(what, ",", 6)
		width, _ := strconv.Atoi(f[2])
		height, _ := strconv.Atoi(f[3])
		b.window(width, height, f[4] == "dark")
		b.open(os.Getenv("OFFHOOK_SCREENS_OF") + f[1])
		time.Sleep(1200 * time.Millisecond)
		if len(f) == 6 {
			b.eval(f[5], nil)
			time.Sleep(500 * time.Millisecond)
		}
		var over int
		b.eval("document.documentElement.scrollWidth - innerWidth", &over)
		if over > 0 {
			t.Errorf("%s is %d px too wide", f[0], over)
		}
		b.screenshot(filepath.Join(dir, f[0]+".png"))
	}
	b.clean()
}

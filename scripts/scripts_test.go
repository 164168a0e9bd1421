package scripts

import (
	"io/fs"
	"testing"
)

func TestEmbedded(t *testing.T) {
	for _, c := range []struct {
		fsys fs.FS
		name string
	}{{FS, "default.lua"}, {FS, "lib/say.lua"}, {Sounds(), "en/welcome.wav"}, {Sounds(), "en/0.wav"}} {
		if info, err := fs.Stat(c.fsys, c.name); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v, %v", c.name, info, err)
		}
	}
}

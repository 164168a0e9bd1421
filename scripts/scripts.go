// Package scripts embeds the shipped call scripts and sounds, for a binary that runs without a folder of them.
package scripts

import (
	"embed"
	"io/fs"
)

// FS holds the scripts as they were when the binary was built.
//
//go:generate sh -c "go run ../cmd/offhook api --format markdown > README.md"
//go:generate sh -c "go run ../cmd/offhook stubs > offhook.d.lua"

//go:embed *.lua lib/*.lua
var FS embed.FS

//go:embed sounds
var sounds embed.FS

// Sounds holds the sounds, by names as call:play knows them: "en/welcome.wav".
func Sounds() fs.FS {
	below, err := fs.Sub(sounds, "sounds")
	if err != nil {
		panic(err) // the path is valid
	}
	return below
}

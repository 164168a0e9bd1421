// Package scripts embeds the shipped call scripts, for a binary that runs without a folder of them.
package scripts

import "embed"

// FS holds the scripts as they were when the binary was built.
//
//go:generate sh -c "go run ../cmd/offhook api --format markdown > README.md"
//go:generate sh -c "go run ../cmd/offhook stubs > offhook.d.lua"

//go:embed *.lua lib/*.lua
var FS embed.FS

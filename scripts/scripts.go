// Package scripts embeds the shipped call scripts, for a binary that runs without a folder of them.
package scripts

import "embed"

// FS holds the scripts as they were when the binary was built.
//
//go:embed *.lua
var FS embed.FS

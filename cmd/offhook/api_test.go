package main

import (
	"bytes"
	"os"
	"testing"
)

// TestStubsCommand: it prints the file that is shipped beside the scripts.
func TestStubsCommand(t *testing.T) {
	shipped, err := os.ReadFile("../../scripts/offhook.d.lua")
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	if code := run([]string{"stubs"}, &out, &errs); code != exitDone || errs.Len() > 0 || out.String() != string(shipped) {
		t.Errorf("exit code %d, %d bytes that are not those of scripts/offhook.d.lua, %s", code, out.Len(), &errs)
	}
}

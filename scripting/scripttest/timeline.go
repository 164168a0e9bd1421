package scripttest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Timeline is what happened in one call, in order.
type Timeline struct {
	Call    string // "call 1 to 200"
	Entries []Entry
}

// EntryKind says what an Entry tells of.
type EntryKind string

const (
	EntrySent     EntryKind = "sent"     // a SIP message of the caller
	EntryReceived EntryKind = "received" // a SIP message of the server
	EntryVerb     EntryKind = "verb"     // what the script called
	EntryMedia    EntryKind = "media"    // what is played, and what was heard
	EntryLog      EntryKind = "log"      // what the script logged
	EntryError    EntryKind = "error"    // that the script failed
	EntryTest     EntryKind = "test"     // what the test waited for in vain
)

// Entry is one thing that happened.
type Entry struct {
	At   time.Duration // since the INVITE
	Kind EntryKind
	Line string // of the script, as "default.lua:7"; "" = none
	Text string
}

// String is the entry as a line of text.
func (e Entry) String() string {
	text := e.Text
	switch e.Kind {
	case EntrySent:
		text = "──▶ " + text
	case EntryReceived:
		text = "◀── " + text
	case EntryMedia:
		text = "  ♪ " + text
	case EntryTest, EntryError:
		text = "  ✗ " + text
	default:
		text = "    " + text
	}
	if e.Line != "" {
		text += strings.Repeat(" ", max(1, 44-len([]rune(text)))) + e.Line
	}
	return fmt.Sprintf("%9.3f  %s", e.At.Seconds(), text)
}

// sortByTime brings entries into order; those of one moment stay as they are.
func sortByTime(entries []Entry) {
	slices.SortStableFunc(entries, func(a, b Entry) int { return cmp.Compare(a.At, b.At) })
}

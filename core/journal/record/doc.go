// Package record writes call records: JSON, one line a call, in files calls-TIME.jsonl of one folder, of which the newest
// is written to. It also reads them back, to export them as CSV.
//
//	call's goroutine        Writer's goroutine
//	  |-- Write ----------->| gathers for a moment
//	  |                     | one write, one fsync for all
//	  |<-- recorded --------|
//
// A webhook is fed from the files by a goroutine of its own, which remembers in webhook.json how far it has come: whoever
// gets the records may be away for as long as the files are kept.
//
// A record that was reported is on the disk. A crash may leave a torn last line, which Open cuts or completes.
package record

// Package console is the HTTP side of the server: GET /health and
// GET /metrics now, the web console later. It reads what it shows through functions it is
// given and starts one goroutine, which Close ends and waits for.
package console

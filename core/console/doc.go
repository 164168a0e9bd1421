// Package console is the HTTP side of the server: GET /health and GET /metrics on
// a port, and the control socket for operators on this machine; the web console
// later. It reads what it shows through functions it is given. Each server
// starts one goroutine, which Close ends and waits for.
package console

// Package console is the HTTP side of the server: the probes GET /health, /livez
// and /readyz and GET /metrics on a port, the control socket for operators on
// this machine, and the web console.
//
//	core, scripting, media ──functions──> Server: /health /livez /readyz /metrics ─┐
//	core/journal ──Store, Subscription──> Site: / and /api/v1 ── guard, roles ─────┴─> one port, or two
//	                                       └ pump, each 0.5 s ─> hub ─> server-sent events
//
// It reads what it shows through functions it is given, and from the journal;
// nothing of it is on the path of a call but the log's Tail, which keeps lines
// without making text of them. The pages are in web: plain HTML, CSS and
// JavaScript modules, one for each page, embedded as they are written; they need
// no other server.
//
// Each Server starts one goroutine and a Site another one, which Close ends and
// waits for. All that browsers can make it hold is bounded: streams, what is
// queued for each, sessions, points, lines.
package console

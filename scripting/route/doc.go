// Package route decides by rules which script answers a call: by the called
// user, the caller, where the call comes from and its header fields. It is
// pure: facts in, a script name and the reason out. The same patterns serve
// [[route]] in the configuration and route{} in scripts.
package route

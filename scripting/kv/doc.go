// Package kv is what calls share: keys with values that live in Go, never in a
// Lua table. Open keeps them in an embedded file that survives a restart;
// NewMemory keeps them for the life of the process, and OpenRedis in a server
// that several processes use. All behave the same and pass the same tests.
//
// The first two start no goroutine: keys whose time has passed are not seen any
// more and are removed a few at a time by later writes.
package kv

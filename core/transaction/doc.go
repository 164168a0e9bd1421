// Package transaction implements SIP transactions: RFC 3261 §17 with the corrections of RFC 6026, RFC 4320 §4.2 and
// the merged requests of RFC 3261 §8.2.2.2. It stands between core/transport, which delivers parsed messages in the
// order they came, and the transaction user (TU), which is core.
//
//	transport's reading goroutine                      any other goroutine of the call
//	        | Receive(msg, raw, flow)                          | shard.Lock()
//	        v                                                  v
//	+---------------------------- Shard = one lock, chosen by Call-ID -----------------------------+
//	| server transactions   client transactions   finished (tombstones)   merged   timers          |
//	|        | new request, CANCEL, ACK for 2xx          | responses, timeouts         | AfterFunc  |
//	+--------v-------------------------------------------v-----------------------------v------------+
//	      User.Request, User.Cancel, User.Ack     on(res, err), User.Response        fn()
//
// A shard is a lock, not a goroutine: whoever has a message takes the lock of its Call-ID and runs the transaction
// and the TU inline. So the messages of a call stay in order, the kernel's socket buffer is the queue, and the TU
// decides races such as CANCEL against 200 under one lock. Everything that the TU is called for happens with the
// shard locked; it must not block and must not lock a second shard. Messages are sent with the shard locked too, so a
// flow in memory must not call Receive from within its send function.
//
// What it does not do: it opens no sockets and resolves no names, it does not repeat a 2xx to INVITE (the TU does,
// RFC 3261 §13.3.1.4), it sends no 100 by itself, and it knows no dialogs.
//
// Memory. A transaction that has ended leaves a tombstone for 64·T1 that absorbs late copies: for an INVITE its state
// and To tag, for another request the bytes of its response. Neither the request nor the TU is referred to.
//
// Goroutines. The package starts none of its own. Each shard has one runtime timer, which runs what is due with the
// shard locked; Close stops it and, by taking the lock, waits for it.
package transaction

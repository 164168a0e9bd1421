package transaction

import "github.com/emiago/sipgo/sip"

// claim registers a request outside a dialog. It is false if the same request is there already under another branch:
// then it came on two paths, and only the first copy is served (RFC 3261 §8.2.2.2). The entry lasts as long as the
// transaction and its tombstone, because the slower path may be slower than the call is short.
func (s *Shard) claim(tx *Server, req *sip.Request) bool {
	if tagOf(req.To().Params) != "" {
		return true
	}
	k := s.layer.seeds.mergedKey(req)
	if _, there := s.merged[k]; there {
		return false
	}
	s.merged[k] = struct{}{}
	tx.merged = k
	return true
}

func (s *Shard) release(merged key) {
	if merged != (key{}) {
		delete(s.merged, merged)
	}
}

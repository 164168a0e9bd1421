package core

// Dialogs is how many dialogs in-dialog requests can reach.
func (s *Server) Dialogs() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.dialogs)
}

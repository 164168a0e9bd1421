package core

import "time"

// Dialogs is how many dialogs in-dialog requests can reach.
func (s *Server) Dialogs() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.dialogs)
}

// Stall has a call wait for its handler for ever.
func (s *Server) Stall() { s.load.Add(time.Now()) }

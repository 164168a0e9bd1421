package console

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
)

// audit writes down what somebody did, or tried to do.
func (s *Site) audit(r *http.Request, action, target, result string) {
	s.auditAs(r, whoOf(r), action, target, result)
}

func (s *Site) auditAs(r *http.Request, who identity, action, target, result string) {
	attrs := []any{slog.Group("audit",
		"action", action, "target", target, "who", who.name, "role", who.role.String(), "remote", r.RemoteAddr, "result", result)}
	s.log.Info("console", attrs...)
	if s.o.Audit != nil {
		s.o.Audit.Info("console", attrs...)
	}
}

// OpenAudit opens a file that actions are added to, one JSON object a line. Only its user can read it.
func OpenAudit(path string) (*slog.Logger, io.Closer, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("audit file: %w", err)
	}
	return slog.New(slog.NewJSONHandler(f, nil)), f, nil
}
